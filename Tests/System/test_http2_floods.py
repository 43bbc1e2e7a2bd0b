"""Clients of HTTP/2 that send what costs much and asks for little: each loses its connection, and no other (Z6)."""

from __future__ import annotations

import socket
import struct

import pytest

from frames2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    REQUEST,
    RST_STREAM,
    SETTINGS,
    Frames,
    block,
)
from harness import PATIENCE
from https import Site


def frames(site: Site, window: int = 65_535) -> Frames:
    return Frames(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE), window)


def until_ended(client: Frames, flood: bytes) -> None:
    """Sends as much of a flood as the server takes before it ends the connection, and reads up to that end."""
    try:
        client.socket.sendall(flood)
    except ConnectionError:
        return
    client.goaway()


def flood_of_resets(client: Frames) -> bytes:
    pairs = ((client.frame(HEADERS, 5, n, block(REQUEST)), client.frame(RST_STREAM, 0, n, b"\0\0\0\x08"))
             for n in range(1, 2_001, 2))  # fmt: skip
    return b"".join(head + reset for head, reset in pairs)


def flood_of_pings(client: Frames) -> bytes:
    return client.frame(PING, 0, 0, b"12345678") * 1_000


def flood_of_settings(client: Frames) -> bytes:
    return client.frame(SETTINGS, 0, 0) * 1_000


def flood_of_continuations(client: Frames) -> bytes:
    return client.frame(HEADERS, 0, 1, block(REQUEST)) + client.frame(CONTINUATION, 0, 1, block([("a", "b")])) * 1_000


def flood_of_empty_data(client: Frames) -> bytes:
    return client.frame(HEADERS, END_HEADERS, 1, block(REQUEST)) + client.frame(DATA, 0, 1) * 1_000


def noise(client: Frames) -> bytes:
    return client.frame(HEADERS, END_HEADERS | END_STREAM, 2, block(REQUEST)) + client.frame(DATA, 0, 0, b"x")


@pytest.mark.parametrize(
    "flood, reason",
    [
        (flood_of_resets, "resets"),
        (flood_of_pings, "control_frames"),
        (flood_of_settings, "control_frames"),
        (flood_of_continuations, "head"),
        (flood_of_empty_data, "control_frames"),
        (noise, "malformed"),
    ],
)
def test_a_flood_ends_its_connection_and_no_other(clear, flood, reason):
    site = clear()
    with frames(site) as other, frames(site) as client:
        other.ask(1, "/?3")
        assert other.content(1) == b"xxx"
        until_ended(client, flood(client))
        site.counts(1, "seaway_http2_ended_total", reason=reason)
        other.ask(3, "/?3")
        assert other.content(3) == b"xxx"
    site.counts(0, "seaway_connections_open")


def test_too_many_streams_at_once(clear):
    site = clear("--http2-max-streams", "10", "--route", "/slow=http.request.slow")
    with frames(site) as client:
        settings = client.until(SETTINGS)[3]
        shown = dict(struct.iter_unpack(">HI", settings))
        assert (shown[3], shown[6]) == (10, 32_768)
        until_ended(client, b"".join(client.request(stream, "/slow") for stream in range(1, 101, 2)))
    site.counts(1, "seaway_http2_ended_total", reason="streams")
