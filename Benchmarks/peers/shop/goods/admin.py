"""Goods in the admin."""

from django.contrib import admin

from .models import Good

admin.site.register(Good, list_display=["name", "price"])
