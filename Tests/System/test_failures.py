"""When a part of the chain is missing, full, slow or killed: what the others notice."""

import socket
import subprocess
import sys
import threading

from harness import PATIENCE, Wire, free_port, get, metric, until

HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from harness import Wire
wire = Wire(int(sys.argv[2]))
wire.listen(sys.argv[3])
print(wire.take()["path"], flush=True)
sys.stdin.read()
"""


class Holder:
    """A worker, in a process of its own, that takes one request and never answers."""

    def __init__(self, port: int, channel: str):
        folder = __file__.rpartition("/")[0]
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, folder, str(port), channel],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def taken(self) -> str:
        """The path of the request, once there is one."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def answer_forever(port: int, channel: str) -> Wire:
    """A worker that says hello to everything until its connection is closed."""
    wire = Wire(port)
    wire.listen(channel, credit=1_000_000)

    def work() -> None:
        try:
            while True:
                request = wire.take()
                wire.write(f'SEND :- {request["reply_channel"]} {{"status":200,"content":"hello"}}\n')
        except (OSError, ValueError, EOFError):
            return

    threading.Thread(target=work, daemon=True).start()
    return wire


def test_a_worker_that_dies_with_a_request_costs_that_request_alone(house, ports):
    broker_port, http_port = ports
    broker = house.broker(broker_port)
    routes = ["--route", "/doomed=http.request.doomed", "--http-timeout", "1500ms"]
    server = house.server(http_port, broker_port, *routes)
    other = answer_forever(broker_port, "http.request")
    holder = Holder(broker_port, "http.request.doomed")
    until(lambda: house.readers(broker_port, "http.request.doomed"), "the doomed worker listens")

    answers = []
    asking = threading.Thread(target=lambda: answers.append(get(http_port, "/doomed")))
    asking.start()
    assert holder.taken() == "/doomed"
    holder.kill()
    assert [get(http_port, "/fine").status for _ in range(20)] == [200] * 20
    asking.join()
    assert answers[0].status == 504

    # What waits for the next worker is not lost with the dead one.
    successor = answer_forever(broker_port, "http.request.doomed")
    assert get(http_port, "/doomed").status == 200
    assert broker.is_running and server.is_running
    other.close()
    successor.close()


def test_a_full_channel_is_503_with_a_time_to_come_back(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port, "--capacity", "http.request=1")
    house.server(http_port, broker_port)
    first = socket.create_connection(("127.0.0.1", http_port), timeout=PATIENCE)
    first.sendall(b"GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with Wire(broker_port) as wire:
        until(lambda: wire.look("PEEK http.request")["messages"] == 1, "the first request waits")
        refused = get(http_port, "/second")
        assert refused.status == 503
        assert refused.headers["retry-after"] == "1"
        assert wire.look("STATS")["refused"]["full"] == 1
    worker = answer_forever(broker_port, "http.request")
    assert first.recv(65536).startswith(b"HTTP/1.1 200")
    assert get(http_port, "/third").status == 200
    first.close()
    worker.close()


def test_without_a_broker_there_is_503_and_with_one_again_200(house, ports):
    broker_port, http_port = ports
    server = house.server(http_port, broker_port, "--connect-patience", "100ms")
    away = get(http_port, "/")
    assert (away.status, away.headers["retry-after"]) == (503, "1")

    for _ in range(2):
        broker = house.broker(broker_port)
        worker = answer_forever(broker_port, "http.request")
        until(lambda: get(http_port, "/").status == 200, "requests are answered")
        broker.kill()
        worker.close()
        until(lambda: get(http_port, "/").status == 503, "the loss is noticed")
    assert server.is_running


def test_a_broker_that_dies_under_a_request_is_told_to_its_client(house, ports):
    broker_port, http_port = ports
    broker = house.broker(broker_port)
    house.server(http_port, broker_port, "--connect-patience", "100ms", "--http-timeout", "2s")
    holder = Holder(broker_port, "http.request")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(get(http_port, "/held")))
    asking.start()
    assert holder.taken() == "/held"
    broker.kill()
    asking.join()
    assert answers[0].status in (503, 504)
    holder.kill()


def test_a_client_that_leaves_early_is_told_to_the_worker(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port)
    house.server(http_port, broker_port)
    with Wire(broker_port) as worker, Wire(broker_port) as watcher:
        worker.listen("http.request")
        watcher.listen("http.disconnect")
        assert watcher.ask("PING") == "PONG"
        client = socket.create_connection(("127.0.0.1", http_port), timeout=PATIENCE)
        client.sendall(b"GET /left HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reply = worker.take()["reply_channel"]
        client.close()
        assert watcher.take() == {"reply_channel": reply, "path": "/left", "reason": "left"}
        until(
            lambda: worker.ask(f'SEND :- {reply} {{"status":200}}').startswith("ERR gone"),
            "the late answer is refused",
        )


def test_the_worker_that_has_the_request_is_told_where_it_asked_to_be(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port)
    house.server(http_port, broker_port)
    own = "http.disconnect.k3f9x2ab!"
    with Wire(broker_port) as worker, Wire(broker_port) as heard, Wire(broker_port) as sender:
        worker.listen("http.request")
        heard.listen(own)
        client = socket.create_connection(("127.0.0.1", http_port), timeout=PATIENCE)
        client.sendall(b"GET /left HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reply = worker.take()["reply_channel"]
        assert sender.ask(f'SEND :- {reply} {{"disconnect_channel":"{own}1"}}') == "OK"
        assert sender.ask(f'SEND :- {reply} {{"status":200,"more_content":true}}') == "OK"
        assert client.recv(12) == b"HTTP/1.1 200"
        client.close()
        assert heard.take() == {"reply_channel": reply, "path": "/left", "reason": "left"}


def test_an_unknown_reply_channel_is_counted(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port, "--expiry", "http.response.*=100ms")
    metrics = free_port()
    house.listening(house.server(http_port, broker_port, "--metrics", f"127.0.0.1:{metrics}"), metrics)
    with Wire(broker_port) as wire:
        # Of a server that is not there: stored, and dropped when its time is over.
        assert wire.ask('SEND :- http.response.nobody!1 {"status":200}') == "OK"
        until(lambda: wire.look("STATS")["dropped"].get("expired") == 1, "the message expires")

        # Of a request that was never made: the server takes it and counts it, and nothing else comes of it.
        wire.listen("http.request")
        client = socket.create_connection(("127.0.0.1", http_port), timeout=PATIENCE)
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        known = wire.take()["reply_channel"]
        unknown = known.partition("!")[0] + "!999999"
        for _ in range(5):
            assert wire.ask(f'SEND :- {unknown} {{"status":200}}') == "OK"
        # Of one that is over: that channel is closed, and its worker hears that nobody waits.
        assert wire.ask(f'SEND :- {known} {{"status":204}}') == "OK"
        assert client.recv(4_096).startswith(b"HTTP/1.1 204 ")
        until(lambda: wire.ask(f'SEND :- {known} {{"status":204}}').startswith("ERR gone"), "the server closes it")
        assert wire.ask(f'SEND :- {unknown} {{"status":200}}') == "OK"
        dropped = "seaway_http_messages_dropped_total"
        until(lambda: metric(metrics, f'{dropped}{{reason="unknown"}}') == 6, "the server has counted them")
        client.close()
