"""`seaway bridge http --post`: messages posted to others (BRIDGES.md, B23 to B26)."""

from __future__ import annotations

import http.server
import re
import signal
import ssl
import threading
from collections.abc import Iterator

import pytest

from access import Authority
from bridges import bridge, members, run, says, send, send_group, summary, taking
from harness import PATIENCE, House, Program, free_port, get, until


class Receiver(http.server.ThreadingHTTPServer):
    """Answers each post by ``answer(number, request)``, the first being 0: a status, fields, or nothing at all."""

    daemon_threads = True

    def __init__(self, port: int, answer=lambda number, request: (204, {})):
        super().__init__(("127.0.0.1", port), Handler)
        self.answer = answer
        self.lock = threading.Lock()
        self.requests: list[tuple[dict, bytes]] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> Receiver:
        self.thread.start()
        return self

    def close(self) -> None:
        if self.thread.is_alive():
            self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=b"

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.requests]

    @property
    def keys(self) -> list[str]:
        return [fields["idempotency-key"] for fields, _ in self.requests]

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is part of the tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        request = (
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers["content-length"])),
        )
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append(request)
        answer = self.server.answer(number, self)
        if answer is None:
            self.close_connection = True
            return
        status, fields = answer
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments) -> None:
        """Nobody reads it."""


@pytest.fixture
def receiver() -> Iterator:
    made: list[Receiver] = []

    def make(answer=lambda number, request: (204, {}), port: int = 0) -> Receiver:
        made.append(Receiver(port, answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


def posting(house: House, broker: int, url: str, *options: str) -> Program:
    return bridge(house, "http", broker, "--from-channel", "jobs", "--post", url, *options)


def says_handed_on(program: Program, count: int) -> None:
    """Ends it and looks at its last line."""
    assert program.terminate() == 0
    assert f"handed-on={count}" in summary(program.output())


def test_messages_arrive_in_order_signed_and_with_a_token(house, ports, tmp_path):
    house.broker(ports[0], "--capacity", "*=2000")
    secret, token = tmp_path / "secret", tmp_path / "token"
    secret.write_text("s3cret\n")
    token.write_text("t0ken\n")
    taker = bridge(
        house, "http", ports[0], "--listen", f"127.0.0.1:{ports[1]}", "--hmac-secret-file", str(secret),
        "--http-token-file", str(token),
    )  # fmt: skip
    house.listening(taker, ports[1])
    url = f"http://127.0.0.1:{ports[1]}/channels/log"
    poster = posting(house, ports[0], url, "--post-hmac-secret-file", str(secret), "--post-token-file", str(token))
    with taking(ports[0], "log") as log:
        send(ports[0], "jobs", *({"n": n, "text": "Kanäle\n"} for n in range(1_000)))
        assert log.wait(1_000) == [{"n": n, "text": "Kanäle\n"} for n in range(1_000)]
    says_handed_on(poster, 1_000)
    assert "dropped" not in summary(poster.output())


def test_what_a_post_looks_like(house, ports, receiver):
    house.broker(ports[0])
    hook = receiver().start()
    bridge(house, "http", ports[0], "--from-group", "news", "--post", hook.url)
    until(lambda: members(ports[0], "news") == 1, "a member")
    send_group(ports[0], "news", {"text": "hi"})
    until(lambda: hook.requests, "a post")
    fields, body = hook.requests[0]
    assert body == b'{"text":"hi"}'
    assert fields["content-type"] == "application/json" and re.fullmatch(r'"[0-9a-z]+-1"', fields["idempotency-key"])
    assert fields["content-length"] == "13" and "authorization" not in fields and "x-hub-signature-256" not in fields


def test_what_may_pass_is_posted_again_with_the_same_key(house, ports, receiver):
    house.broker(ports[0])
    hook = receiver(lambda number, _: [(503, {"retry-after": "0"}), (429, {}), None, (200, {})][min(number, 3)]).start()
    program = posting(house, ports[0], hook.url)
    send(ports[0], "jobs", {"n": 1}, {"n": 2})
    until(lambda: len(hook.requests) == 5, "five posts")
    assert hook.bodies == [b'{"n":1}'] * 4 + [b'{"n":2}']
    assert len(set(hook.keys[:4])) == 1 and hook.keys[4] not in hook.keys[:4]
    says_handed_on(program, 2)
    assert "retried=3" in summary(program.output())


def test_what_is_refused_or_fails_too_often_is_dropped_and_the_next_goes_on(house, ports, receiver):
    house.broker(ports[0])
    answers = [(400, {}), (500, {}), (500, {}), (302, {"location": "/elsewhere"}), (200, {})]
    hook = receiver(lambda number, _: answers[number]).start()
    program = posting(house, ports[0], hook.url, "--post-attempts", "2")
    send(ports[0], "jobs", *({"n": n} for n in range(4)))
    until(lambda: len(hook.requests) == 5, "five posts")
    assert hook.bodies == [b'{"n":0}', b'{"n":1}', b'{"n":1}', b'{"n":2}', b'{"n":3}']
    says_handed_on(program, 1)
    assert "dropped-service=3" in summary(program.output())
    assert "the answer is 400" in program.output() and "hook?a=b" not in program.output()


def test_a_receiver_that_does_not_answer_is_asked_again_and_given_up(house, ports, receiver):
    house.broker(ports[0])
    never = threading.Event()
    hook = receiver(lambda number, _: (never.wait() and None) if number < 2 else (200, {})).start()
    program = posting(house, ports[0], hook.url, "--post-timeout", "200ms", "--post-attempts", "2")
    send(ports[0], "jobs", {"n": 1}, {"n": 2})
    until(lambda: len(hook.requests) == 3, "three posts")
    assert hook.bodies == [b'{"n":1}', b'{"n":1}', b'{"n":2}']
    says_handed_on(program, 1)
    assert "dropped-service=1" in summary(program.output())
    never.set()


def test_while_the_receiver_is_away_everything_waits(house, ports, receiver):
    house.broker(ports[0])
    port = free_port()
    program = posting(house, ports[0], f"http://127.0.0.1:{port}/", "--post-attempts", "1")
    send(ports[0], "jobs", {"n": 1}, {"n": 2})
    says(program, "is away; trying again and again")
    hook = receiver(port=port).start()
    until(lambda: hook.bodies == [b'{"n":1}', b'{"n":2}'], "both posts")
    says_handed_on(program, 2)
    assert program.output().count("is away") == 1


def test_posts_go_out_side_by_side_where_asked_for(house, ports, receiver):
    house.broker(ports[0])
    together = threading.Barrier(4)
    hook = receiver(lambda number, _: (together.wait(20) is not None) and (200, {})).start()
    program = posting(house, ports[0], hook.url, "--concurrency", "4")
    send(ports[0], "jobs", *({"n": n} for n in range(8)))
    until(lambda: len(hook.requests) == 8, "eight posts")
    says_handed_on(program, 8)


def test_who_vouches_for_the_receiver_is_checked(house, ports, receiver, tmp_path):
    house.broker(ports[0])
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("hook", "IP:127.0.0.1")
    hook = receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    hook.socket = context.wrap_socket(hook.socket, server_side=True)
    hook.start()
    url = hook.url.replace("http:", "https:")
    distrustful = posting(house, ports[0], url)
    send(ports[0], "jobs", {"n": 1})
    says(distrustful, "is away", "certificate verify failed")
    distrustful.kill()
    trustful = posting(house, ports[0], url, "--post-ca", str(authority.certificate))
    send(ports[0], "jobs", {"n": 2})
    until(lambda: hook.bodies == [b'{"n":2}'], "the post")
    says_handed_on(trustful, 1)


def test_on_sigterm_a_post_under_way_has_the_time_to_drain(house, ports, receiver):
    house.broker(ports[0])
    leave = threading.Event()
    hook = receiver(lambda number, _: (leave.wait(20) and None) or (200, {})).start()
    patient = posting(house, ports[0], hook.url)
    send(ports[0], "jobs", {"n": 1})
    until(lambda: hook.requests, "a post")
    patient.process.send_signal(signal.SIGTERM)
    until(lambda: not house.readers(ports[0], "jobs"), "it takes no more")
    leave.set()
    assert patient.process.wait(PATIENCE) == 0 and "handed-on=1" in summary(patient.output())
    never = threading.Event()
    deaf = receiver(lambda number, _: (never.wait() and None) or (200, {})).start()
    hasty = posting(house, ports[0], deaf.url, "--drain", "100ms")
    send(ports[0], "jobs", {"n": 2})
    until(lambda: deaf.requests, "a post")
    assert hasty.terminate() == 0 and "dropped-shutdown=1" in summary(hasty.output())
    never.set()


def test_both_ways_in_one_process_and_its_counters(house, ports, receiver):
    house.broker(ports[0])
    hook = receiver(lambda number, _: (200, {}) if number else (400, {})).start()
    metrics = free_port()
    program = bridge(
        house, "http", ports[0], "--listen", f"127.0.0.1:{ports[1]}", "--to-channel", "jobs", "--from-channel", "jobs",
        "--post", hook.url, "--metrics", f"127.0.0.1:{metrics}",
    )  # fmt: skip
    house.listening(program, ports[1])
    for _ in range(3):
        assert get(ports[1], "/x", "POST", b"hi").status == 202
    until(lambda: b"seaway_bridge_handed_on_total 2\n" in get(metrics, "/metrics").body, "two handed on")
    text = get(metrics, "/metrics").body.decode()
    assert "seaway_bridge_sent_total 3\n" in text and 'seaway_bridge_dropped_total{reason="service"} 1\n' in text
    assert 'seaway_bridge_dropped_total{reason="name"} 0\n' in text and "# TYPE seaway_bridge_retried_total" in text
    assert program.terminate() == 0


@pytest.mark.parametrize(
    "options, complaint",
    [
        (["--post", "ftp://a/", "--from-group", "news"], "'ftp://a/' is no URL with http:// or https:// and a host"),
        (["--post", "http://a/"], "--from-group or --from-channel, and --post, belong together"),
        (["--from-group", "news"], "--from-group or --from-channel, and --post, belong together"),
        (["--post", "http://a/", "--from-group", "news", "--to-group", "x"], "--listen, belong together"),
        (["--post", "http://a/", "--from-group", "news", "--allow", "x"], "are for --listen"),
        (["--post", "http://a/", "--from-group", "news", "--post-attempts", "0"], "allowed is 1 to 1000"),
        (["--post", "http://a/", "--from-group", "news", "--concurrency", "0"], "allowed is 1 to 1000"),
        (["--post", "http://a/", "--from-group", "news", "--post-timeout", "0"], "longer than 0"),
        (["--post", "http://a/", "--from-group", "news", "--post-ca", "/nowhere"], "/nowhere"),
        (["--post", "http://a/", "--from-group", "news", "--post-token-file", "/nowhere"], "/nowhere cannot be read"),
        (["--post", "http://a/", "--from-group", "news", "--post-token-file", "README.md"], "bytes of printable ASCII"),
        (["--listen", "127.example.org:8080"], "is open to others"),
    ],
)
def test_bad_options_are_named(options, complaint):
    done = run("http", 1, *options)
    assert done.returncode == 64 and complaint in done.stderr
