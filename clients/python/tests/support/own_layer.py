"""A worker on a layer that was made for it."""

from __future__ import annotations

import seaway

worker = seaway.Worker(layer=seaway.Layer("127.0.0.1:1"))
