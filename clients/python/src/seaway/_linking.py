"""What moves the bytes of a synchronous layer: one connection, or a thread with one to each of several brokers."""

import ssl
import sys
import time
from typing import TYPE_CHECKING, Optional, Sequence, Union

from . import _address
from ._core import Core
from ._sync import Link

if TYPE_CHECKING:
    from ._shard_core import ShardCore
    from ._shard_thread import ShardThread


def link(
    address: Optional[str],
    hosts: Optional[Sequence[str]],
    client: str,
    token: Optional[str],
    tls: Optional[ssl.SSLContext],
    patience: float,
    timeout: float,
    heartbeat: float,
    failover: float,
) -> "Union[Link, ShardThread]":
    """Returns what speaks to the brokers, with the options of ``Layer``; it connects when it is needed."""
    token = _address.token(token)
    names, addresses = _address.several(address, hosts, tls)
    if len(addresses) == 1:

        def make_one() -> Core:
            return Core(client, token, heartbeat, timeout, failover)

        return Link(addresses[0], make_one, patience, timeout, failover)
    if sys.version_info < (3, 9):  # noqa: UP036, since seaway.asgi1 is for older ones too
        raise ValueError("several brokers need Python 3.9 or later")
    from ._shard_core import ShardCore
    from ._shard_thread import ShardThread

    def make_core() -> "ShardCore":
        return ShardCore(names, client, token, heartbeat, timeout, failover, time.monotonic)

    return ShardThread(addresses, make_core, patience, timeout, failover)
