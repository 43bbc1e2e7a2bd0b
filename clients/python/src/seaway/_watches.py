"""Which groups are told to which channels."""

from typing import Dict, Iterator

from . import _requests


class Watches:
    """A watch ends with the connection (T2), so it is said again on the next one."""

    def __init__(self) -> None:
        self._requests: Dict[bytes, None] = {}

    def began(self, group: str, channel: str) -> None:
        """The channel is told who joins and leaves the group."""
        self._requests[_requests.watch(group, channel)] = None

    def ended(self, group: str, channel: str) -> None:
        """It is not told any more."""
        self._requests.pop(_requests.watch(group, channel), None)

    def __iter__(self) -> Iterator[bytes]:
        return iter(tuple(self._requests))
