"""Settings as they are made by `startproject`, with its seven middlewares; the environment says where files are."""

import os
import pathlib

BASE_DIR = pathlib.Path(__file__).resolve().parent.parent
FILES = pathlib.Path(os.environ.get("SHOP_FILES", BASE_DIR / "files"))

SECRET_KEY = "for tests and benchmarks alone"
DEBUG = os.environ.get("SHOP_DEBUG") == "1"
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "seaway.django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "goods",
]
if os.environ.get("SHOP_PLAIN") == "1":
    # For servers in whose environment there is no Seaway.
    INSTALLED_APPS.remove("seaway.django")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
ASGI_APPLICATION = "shop.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FILES / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = FILES / "static"
MEDIA_ROOT = FILES / "media"
MEDIA_URL = "media/"

FORCE_SCRIPT_NAME = os.environ.get("SHOP_SCRIPT_NAME") or None
SECURE_PROXY_SSL_HEADER = ("HTTP_X_SCHEME", "https")
