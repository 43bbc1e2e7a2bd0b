"""Where this package logs: configure it with ``logging.getLogger("seaway")``."""

import logging

logger = logging.getLogger("seaway")
