"""Django projects behind the interface server: ``"seaway.django"`` in ``INSTALLED_APPS`` makes ``runserver`` one."""
