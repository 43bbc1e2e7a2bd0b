"""What ``INSTALLED_APPS`` names."""

from __future__ import annotations

from typing import Any, List

from django.apps import AppConfig, apps
from django.core import checks

_OTHERS = ("django.contrib.staticfiles", "daphne")


class SeawayConfig(AppConfig):  # type: ignore[misc]
    """The application, whose ``runserver`` counts where it stands before others that have one."""

    name = "seaway.django"
    label = "seaway"
    verbose_name = "Seaway"

    def ready(self) -> None:
        """Lets ``check`` tell of a ``runserver`` that is another's."""
        checks.register(check_order, checks.Tags.compatibility)


def check_order(app_configs: Any, **options: Any) -> List[Any]:
    """A warning for each application before this one that has a ``runserver`` of its own."""
    names = [config.name for config in apps.get_app_configs()]
    before = names[: names.index(SeawayConfig.name)]
    return [
        checks.Warning(
            f'"{name}" stands before "seaway.django" in INSTALLED_APPS, so runserver is not Seaway\'s.',
            hint='Put "seaway.django" first.',
            id="seaway.W001",
        )
        for name in _OTHERS
        if name in before
    ]
