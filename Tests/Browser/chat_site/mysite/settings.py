"""Settings; of Seaway there are its application and its channel layer."""

import os

SECRET_KEY = "for tests alone"
DEBUG = True
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["seaway.django", "channels", "chat", "django.contrib.auth", "django.contrib.contenttypes"]
INSTALLED_APPS += ["django.contrib.sessions", "django.contrib.staticfiles"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "mysite.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
# Nothing is kept in it.
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "UTC"

ASGI_APPLICATION = "mysite.asgi.application"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "seaway.channels.SeawayChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("SEAWAY_BROKER", "127.0.0.1:7411")]},
    },
}
