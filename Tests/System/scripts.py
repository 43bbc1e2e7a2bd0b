"""The parts of `.ci/` that have tests, which are no package."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from harness import ROOT


def script(name: str) -> ModuleType:
    """A module of `.ci/`, by the name of its file."""
    found = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    # Where its dataclasses look for what their types mean.
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module
