"""Makes a wheel for one platform and every Python 3: there is a program in it, and no extension of Python."""

import os

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class ForOnePlatform(Distribution):
    """Its files are those of a platform."""

    def has_ext_modules(self) -> bool:
        """Has files go where extensions would."""
        return True


class ProgramWheel(bdist_wheel):
    """Named by the platform of the program alone."""

    def get_tag(self) -> "tuple[str, str, str]":
        """Returns for which Pythons and systems it is."""
        return "py3", "none", os.environ["SEAWAY_PLATFORM"]


setup(cmdclass={"bdist_wheel": ProgramWheel}, distclass=ForOnePlatform)
