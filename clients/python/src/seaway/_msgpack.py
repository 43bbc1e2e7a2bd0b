"""MessagePack, also of the versions that programs of 2016 are installed with."""

from functools import partial
from typing import Any, Callable, Dict

import msgpack


def _refuse_extension(code: int, data: bytes) -> Any:
    raise ValueError("extension types are not of the protocol")


_unpacking: Dict[str, Any] = {"max_ext_len": 0, "ext_hook": _refuse_extension}
if msgpack.version >= (1, 0):
    _unpacking.update(raw=False, strict_map_key=True)
elif msgpack.version >= (0, 5, 2):
    _unpacking.update(raw=False)
else:
    _unpacking.update(encoding="utf-8")

#: Text and bytes are told apart, which old versions do only when they are asked to.
packb: Callable[..., bytes] = msgpack.packb if msgpack.version >= (1, 0) else partial(msgpack.packb, use_bin_type=True)
unpackb: Callable[[bytes], Any] = partial(msgpack.unpackb, **_unpacking)
