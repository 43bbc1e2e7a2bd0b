"""A Django project as `django-admin startproject` makes it, with one application: for benchmarks and tests."""
