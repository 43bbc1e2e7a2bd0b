"""The ``manage.py`` of a site of 2017: Django 1.11 with Channels 1.1, as it was written then."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pages.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
