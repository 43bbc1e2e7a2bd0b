"""Only ``BACKEND`` and its ``CONFIG`` are not of 2017."""

import os

SECRET_KEY = "for tests alone"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["channels"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "pages.urls"
DATA_UPLOAD_MAX_MEMORY_SIZE = None

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "seaway.asgi1.ChannelLayer",
        "CONFIG": {"hosts": [os.environ["SEAWAY_BROKER"]]},
        "ROUTING": "pages.routing.channel_routing",
    },
}
