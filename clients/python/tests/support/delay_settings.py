"""The least that Django needs to run a command of this package."""

SECRET_KEY = "of a test"
INSTALLED_APPS = ["seaway.django"]
