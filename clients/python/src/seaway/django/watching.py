"""Django's autoreloader, which tells the supervisor of changes where it would end the process."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

from django.apps import apps
from django.urls import get_resolver
from django.utils import autoreload

from .._log import logger


def watch(changed: Callable[[str], None]) -> None:
    """Begins to watch, in a thread; ``changed`` is told why the process is out of date, each time it becomes so."""
    main = threading.current_thread()
    threading.Thread(target=_run, args=(main, changed), name="seaway-reloader", daemon=True).start()


def _run(main: threading.Thread, changed: Callable[[str], None]) -> None:
    last: List[str] = []

    def note(sender: object, file_path: object, **more: object) -> None:
        last[:] = [f"{file_path} has changed"]

    autoreload.file_changed.connect(note)
    reloader = autoreload.get_reloader()
    try:
        _begin(reloader, main)
        looks = reloader.tick()
        # The first look finds how things are; from then on changes are noticed.
        next(looks)
        autoreload.logger.info("Watching for file changes with %s", type(reloader).__name__)
        while True:
            try:
                next(looks)
            except SystemExit:
                # So it says that code has changed; a template that has changed is read anew, and ends nothing.
                changed(last[0])
                looks = reloader.tick()
    except Exception as error:
        logger.error("changes of the code are not noticed any more", exc_info=error)


def _begin(reloader: Any, main: threading.Thread) -> None:
    """As ``BaseReloader.run`` does."""
    reloader.wait_for_apps_ready(apps, main)
    try:
        # So that what is loaded only with the first request is watched too.
        get_resolver().urlconf_module  # noqa: B018
    except Exception as error:
        logger.debug("the pages of the project cannot be loaded: %s", error)
    autoreload.autoreload_started.send(sender=reloader)
