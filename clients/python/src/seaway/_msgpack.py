"""MessagePack, also of the versions that programs of 2016 are installed with."""

from functools import partial
from typing import Any, Callable, Dict, List

import msgpack


def _refuse_extension(code: int, data: bytes) -> Any:
    raise ValueError("extension types are not of the protocol")


_unpacking: Dict[str, Any] = {"max_ext_len": 0, "ext_hook": _refuse_extension}
# From 1.0 on text is told from bytes, and keys are strings, by themselves.
if msgpack.version < (0, 5, 2):
    _unpacking.update(encoding="utf-8")
elif msgpack.version < (1, 0):
    _unpacking.update(raw=False)

#: Text and bytes are told apart, which old versions do only when they are asked to.
packb: Callable[..., bytes] = msgpack.packb if msgpack.version >= (1, 0) else partial(msgpack.packb, use_bin_type=True)
unpackb: Callable[[bytes], Any] = partial(msgpack.unpackb, **_unpacking)

#: Packers that are kept, and bytes beyond which what one has packed is not kept with it.
_MOST_KEPT, _MOST_BUFFER = 16, 262_144


def packing(default: Callable[[Any], Any]) -> Callable[[Any], bytes]:
    """Returns what packs; ``default`` makes something else of what cannot be packed, or raises.

    Making a packer costs as much as packing a short message, so that they are used again. Threads and whatever packs
    in ``default`` have each their own.
    """
    if msgpack.version < (1, 0):
        return partial(packb, default=default)
    free: List[Any] = []

    def pack(value: Any) -> bytes:
        try:
            packer = free.pop()
        except IndexError:
            packer = msgpack.Packer(default=default)
        packed: bytes = packer.pack(value)
        if len(packed) <= _MOST_BUFFER and len(free) < _MOST_KEPT:
            free.append(packer)
        return packed

    return pack
