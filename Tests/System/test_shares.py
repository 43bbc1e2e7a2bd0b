"""What the interface server holds for clients: its account, who gives way, and what is refused (INTERFACE.md, 6a)."""

from __future__ import annotations

import re
import socket

from harness import PATIENCE, Wire, free_port, get, metric, until
from test_greedy_strangers import closing_code, opened


def held(port: int) -> dict[str, int]:
    """Bytes, by what they are held for."""
    page = get(port, "/metrics").body.decode()
    found = re.findall(r'^seaway_memory_bytes\{part="(\w+)"\} (\d+)$', page, re.MULTILINE)
    return {part: int(size) for part, size in found}


def connected(port: int, data: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.sendall(data)
    return client


def site(house, ports, *options: str) -> int:
    """A broker and an interface server. Returns where the metrics are."""
    metrics = free_port()
    house.broker(ports[0])
    house.listening(house.server(ports[1], ports[0], "--metrics", f"127.0.0.1:{metrics}", *options), metrics)
    return metrics


def test_bodies_are_counted_as_they_come(house, ports):
    metrics = site(house, ports, "--body-inline", "1M", "--max-http-memory", "64M")
    assert set(held(metrics)) == {"connections", "input", "bodies", "messages", "answers", "output", "compression"}
    assert metric(metrics, "seaway_memory_limit_bytes") == 64 << 20
    with connected(ports[1], b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + bytes(300_000)):
        until(lambda: held(metrics)["bodies"] == 300_000, "what came of the body is counted, and no more")
    until(lambda: sum(held(metrics).values()) == 0, "all is given back")


def test_a_body_beyond_its_share_is_refused_with_a_time_to_come_again(house, ports):
    metrics = site(house, ports, "--body-inline", "1M", "--max-http-memory", "1M", "--loops", "1")
    with connected(ports[1], b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n") as greedy:
        greedy.sendall(bytes(900_000))
        answer = greedy.recv(4_096)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 1\r\n" in answer, answer
    assert metric(metrics, 'seaway_http_refused_total{reason="no_memory"}') == 1


def test_a_message_beyond_its_share_closes_the_socket_with_1013(house, ports):
    site(house, ports, "--max-http-memory", "1M", "--loops", "1")
    with Wire(ports[0]) as worker:
        worker.listen("websocket.connect", 10)
        with opened(ports[1], worker) as browser:
            browser.sendall(b"\x02\xff" + (1_000_000).to_bytes(8, "big") + b"\0\0\0\0" + bytes(900_000))
            assert closing_code(browser) == 1013


def test_who_asks_for_nothing_gives_way_to_who_comes(house, ports):
    metrics = site(house, ports, "--max-http-connections", "20", "--loops", "1")
    strangers = [connected(ports[1]) for _ in range(60)]
    try:
        with Wire(ports[0]) as worker, connected(ports[1], b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") as browser:
            worker.listen("http.request", 10)
            reply = worker.take()["reply_channel"]
            # While it waits for its answer, others come and go.
            strangers += [connected(ports[1]) for _ in range(60)]
            # The oldest are gone.
            assert strangers[0].recv(1) == b""
            worker.write(f'SEND :- {reply} {{"status":200,"content":"hello"}}\n')
            assert browser.recv(4_096).startswith(b"HTTP/1.1 200 ")
        # Who is connected stands in the system's queue until the server accepts.
        gave_way = 'seaway_connections_gave_way_total{reason="unused"}'
        until(lambda: metric(metrics, gave_way) >= 100, "all that came have places, and a hundred have none any more")
        assert metric(metrics, 'seaway_http_refused_total{reason="too_many_connections"}') == 0
    finally:
        for stranger in strangers:
            stranger.close()


def test_a_flood_of_answers_to_one_route_is_not_in_the_mailbox_of_another(house, ports):
    site(house, ports, "--route", "/other=http.request.other", "--loops", "1")
    with Wire(ports[0]) as worker:
        for channel in ("http.request", "http.request.other"):
            worker.listen(channel, 10)
        replies = []
        for path in ("/", "/other"):
            with connected(ports[1], f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()) as browser:
                replies.append(worker.take()["reply_channel"])
                worker.write(f'SEND :- {replies[-1]} {{"status":200,"content":"hello"}}\n')
                assert browser.recv(4_096).startswith(b"HTTP/1.1 200 ")
    first, other = (reply.split("!")[0] for reply in replies)
    assert first != other
