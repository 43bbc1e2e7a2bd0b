"""How a worker's functions are tested: without a socket, a broker or a wait."""

from __future__ import annotations

from typing import Any

import feed

from seaway.testing import FakeServer, FakeSocket


def says(socket: FakeSocket, stream: str, payload: Any) -> None:
    """One payload of a stream."""
    socket.send_json({"stream": stream, "payload": payload})


def test_the_room_hears_what_one_says_by_his_name() -> None:
    """Two browsers in one room, one in another."""
    with FakeServer(feed.worker) as site:
        ada, bob, eve = (site.websocket(f"/feed/{room}") for room in ("blue", "blue", "red"))
        says(ada, "chat", {"name": "Ada"})
        says(ada, "chat", "hi")
        heard = {"stream": "chat", "payload": {"from": "Ada", "text": "hi"}}
        assert [ada.receive_json(), bob.receive_json()] == [heard, heard]
        assert not eve.messages


def test_likes_are_counted_for_each_browser() -> None:
    """A session is its socket's alone."""
    with FakeServer(feed.worker) as site:
        ada, bob = site.websocket("/feed/blue"), site.websocket("/feed/blue")
        for socket in (ada, ada, bob):
            says(socket, "likes", 1)
        assert [ada.receive_json()["payload"] for _ in range(2)] == [1, 2]
        assert bob.receive_json()["payload"] == 1


def test_what_the_chat_does_not_take_is_told() -> None:
    """The socket stays open."""
    with FakeServer(feed.worker) as site:
        ada = site.websocket("/feed/blue")
        says(ada, "chat", 7)
        assert "error" in ada.receive_json()["payload"]
        assert ada.is_open
