"""Requests of which two servers might disagree where they end, through proxies that keep their connections to us.

What a proxy takes for one request must be one here too: then each answer is the one to its own request, and whoever
comes next over the same connection gets his own as well.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import proxies
from harness import Wire, free_port, get, until

#: How long a client waits for more: some of these requests never come to an end.
QUIET = 1.5

SMUGGLED = "GET /smuggled-{n} HTTP/1.1|Host: a|X: "
HEAD = "POST /attack-{n} HTTP/1.1|Host: a|"
#: A chunked body that holds nothing, and behind it what may be taken for a request.
EMPTY = f"||0||{SMUGGLED}"

#: `|` stands for CR LF, `{n}` for the pair's number, `{length}` for the bytes behind the head.
PAIRS = {
    "CL.TE": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding: chunked{EMPTY}",
    "TE.CL": f"{HEAD}Transfer-Encoding: chunked|Content-Length: 4||5c|{SMUGGLED}{'x' * 60}|0||",
    "CL.CL, short first": f"{HEAD}Content-Length: 0|Content-Length: {{length}}||{SMUGGLED}",
    "CL.CL, long first": f"{HEAD}Content-Length: {{length}}|Content-Length: 0||{SMUGGLED}",
    "CL as a list": f"{HEAD}Content-Length: 0, {{length}}||{SMUGGLED}",
    "CL with a plus": f"{HEAD}Content-Length: +{{length}}||{SMUGGLED}",
    "CL with a space in it": f"{HEAD}Content-Length: 0 {{length}}||{SMUGGLED}",
    "CL with spaces behind": f"{HEAD}Content-Length: {{length}}  ||{SMUGGLED}",
    "CL in hexadecimal": f"{HEAD}Content-Length: 0x0||{SMUGGLED}",
    "CL with zeros": f"{HEAD}Content-Length: 000{{length}}||{SMUGGLED}",
    "CL with an underscore": f"{HEAD}Content_Length: {{length}}||{SMUGGLED}",
    "CL behind a space": f"{HEAD}Content-Length : {{length}}||{SMUGGLED}",
    "CL beyond 64 bits": f"{HEAD}Content-Length: 18446744073709551616||{SMUGGLED}",
    "GET with CL": f"GET /attack-{{n}} HTTP/1.1|Host: a|Content-Length: {{length}}||{SMUGGLED}",
    "TE behind a space": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding : chunked{EMPTY}",
    "TE behind a tab": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding:\tchunked{EMPTY}",
    "TE behind a vertical tab": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding:\x0bchunked{EMPTY}",
    "TE on a line that goes on": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding:| chunked{EMPTY}",
    "TE behind a line that goes on": f"{HEAD}Content-Length: {{length}}|X: y| Transfer-Encoding: chunked{EMPTY}",
    "TE behind a bare LF": f"{HEAD}Content-Length: {{length}}|X: y\nTransfer-Encoding: chunked{EMPTY}",
    "TE behind a bare CR": f"{HEAD}Content-Length: {{length}}|X: y\rTransfer-Encoding: chunked{EMPTY}",
    "TE that is no chunked": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding: xchunked{EMPTY}",
    "TE twice": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding: x|Transfer-Encoding: chunked{EMPTY}",
    "TE and identity": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding: chunked, identity{EMPTY}",
    "TE in quotes": f'{HEAD}Content-Length: {{length}}|Transfer-Encoding: "chunked"{EMPTY}',
    "TE with a NUL": f"{HEAD}Content-Length: {{length}}|Transfer-Encoding: chunked\0{EMPTY}",
    "TE of HTTP/1.0": f"POST /attack-{{n}} HTTP/1.0|Content-Length: {{length}}|Transfer-Encoding: chunked{EMPTY}",
    "TE listed in Connection": f"{HEAD}Connection: Transfer-Encoding|Transfer-Encoding: chunked{EMPTY}",
    "CL listed in Connection": f"{HEAD}Connection: Content-Length|Content-Length: {{length}}||{SMUGGLED}",
    "a chunk size beyond 64 bits": f"{HEAD}Transfer-Encoding: chunked||10000000000000000|{SMUGGLED}",
    "a chunk size with 0x": f"{HEAD}Transfer-Encoding: chunked||0x10|{SMUGGLED}",
    "a chunk size with a bare LF": f"{HEAD}Transfer-Encoding: chunked||2\nxx|0||{SMUGGLED}",
    "a chunk extension with a bare LF": f"{HEAD}Transfer-Encoding: chunked||2;\nxx|4c|0||{SMUGGLED}",
    "a chunk longer than said": f"{HEAD}Transfer-Encoding: chunked||2|xxx|0||{SMUGGLED}",
    "a last chunk with a bare LF": f"{HEAD}Transfer-Encoding: chunked||0\n\n{SMUGGLED}",
    "a trailer with a length": f"{HEAD}Transfer-Encoding: chunked||0|Content-Length: 50||{SMUGGLED}",
    "a WebSocket that is none": (
        "GET /attack-{n} HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket|Sec-WebSocket-Version: 7||" + SMUGGLED
    ),
    "expects 100-continue": f"{HEAD}Expect: 100-continue|Content-Length: {{length}}||{SMUGGLED}",
    "a space before all fields": f"POST /attack-{{n}} HTTP/1.1| Content-Length: {{length}}|Host: a||{SMUGGLED}",
    "a target with a line in it": "GET /attack-{n} HTTP/1.1|Host: a|X: y||GET /smuggled-{n}\r HTTP/1.1|Host: a||",
}


def attack(pair: tuple[int, str], port: int) -> list[str]:
    """What the client gets: the content of each answer that is 200."""
    number, text = pair
    length = len(text.split("||", 1)[1].replace("|", "\r\n").replace("{n}", str(number)))
    text = text.replace("{n}", str(number)).replace("{length}", str(length))
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=QUIET) as client, contextlib.suppress(OSError):
        client.sendall(text.replace("|", "\r\n").encode("latin-1"))
        # Of a request smuggled before it, this would be the value of a field.
        client.sendall(f"GET /last-{number} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        while piece := client.recv(65_536):
            found += piece
    return [path.decode() for path in re.findall(rb"<(/[a-z]+-[0-9]+)>", found)]


class Echo:
    """A worker that says of each request what it is, and remembers it."""

    def __init__(self, broker: int):
        self.seen: list[str] = []
        self.wire = Wire(broker)
        self.wire.listen("http.request", credit=1_000)
        threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                asked = self.wire.take()
                self.seen.append(asked["path"])
                answer = json.dumps({"status": 200, "content": f"<{asked['path']}>"})
                self.wire.write(f"SEND :- {asked['reply_channel']} {answer}\nREADY 1 http.request\n")

    def of(self, number: int) -> list[str]:
        return [path for path in self.seen if path.endswith(f"-{number}")]


@pytest.mark.parametrize("kind", ["nginx", "haproxy", "haproxy-lenient"])
def test_what_is_one_request_there_is_one_here(house, ports, tmp_path, kind):
    broker, server = ports
    house.broker(broker)
    house.server(server, broker)
    proxy = proxies.start(house, kind, server, tmp_path)
    echo = Echo(broker)
    until(lambda: get(proxy, "/first").body == b"</first>", "the proxy answers")
    pairs = list(enumerate(PAIRS.values()))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: attack(pair, proxy), pairs))
        innocent = [f"/innocent-{number}" for number in range(1_000, 1_100)]
        assert list(pool.map(lambda path: get(proxy, path).body, innocent)) == [
            f"<{path}>".encode() for path in innocent
        ]
    for number, (name, got) in enumerate(zip(PAIRS, answers, strict=True)):
        # Whoever is answered was heard once, and in the order of the answers.
        assert echo.of(number)[: len(got)] == got, name
        # What was heard and not answered can only be the first: its answer came when nobody waited any more.
        assert len(echo.of(number)) - len(got) <= (0 if got else 1), name
    echo.wire.close()


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=list(PAIRS))
def test_without_a_proxy_nothing_stands_behind_a_doubt(shared, number):
    """The server itself ends the connection behind a request of which another might see another end."""
    echo, server = shared
    name, text = list(PAIRS.items())[number]
    got = attack((number, text), server)
    assert got == echo.of(number)
    legal = {
        "TE listed in Connection", "CL listed in Connection", "CL with an underscore", "GET with CL",
        "CL with spaces behind", "CL with zeros", "expects 100-continue",
    }  # fmt: skip
    if name not in legal:
        assert f"/smuggled-{number}" not in got and f"/last-{number}" not in got, got


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    from harness import House
    from ports import given_back

    house = House(tmp_path_factory.mktemp("smuggling"))
    with given_back():
        broker, server = free_port(), free_port()
        house.broker(broker)
        house.server(server, broker)
        echo = Echo(broker)
        until(lambda: get(server, "/first").status == 200, "the server answers")
        yield echo, server
        echo.wire.close()
        house.end()
