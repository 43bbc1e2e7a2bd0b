"""``python -m seaway_server ARGUMENTS`` becomes the program."""

import os
import sys

from . import program

os.execv(program(), ["seaway", *sys.argv[1:]])
