"""One trace over an interface server and its workers, at a collector (INTERFACE.md, I82 and I84)."""

from __future__ import annotations

import json
import re
import sys

import pytest

from collector import Collector
from harness import ROOT, SEAWAY, free_port, get, metric, until
from pages import Mirror

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def serve(house, broker: int, collector: Collector, *options: str):
    port = free_port()
    traces = ["--trace-endpoint", collector.url, "--trace-interval", "50ms"]
    return house.server(port, broker, "--route", "/swift=http.request.swift", *traces, *options), port


def test_one_trace_goes_through_the_server_and_a_swift_worker(house, collector):
    broker = free_port()
    house.broker(broker)
    program = ROOT / ".build/release/seaway-demo-worker"
    worker = house.start([program, "--broker", f"127.0.0.1:{broker}", "--trace-endpoint", collector.url])
    until(lambda: house.readers(broker, "http.request.swift"), "the worker listens")
    server, port = serve(house, broker, collector, "--trace-sample", "1", "--trace-service", "site", "--access-log")
    assert get(port, "/swift").status == 200
    # The worker's spans leave with it at the latest.
    until(lambda: len(collector.spans) >= 4, "the server's spans have come")
    assert worker.terminate() == 0
    spans = {span.name: span for span in until(lambda: len(collector.spans) >= 5 and collector.spans, "all have come")}
    assert len({span.trace for span in spans.values()}) == 1
    root, work = spans["GET http.request.swift"], spans["work"]
    handlers = [span for span in collector.spans if span.service == "demo-swift"]
    assert [span.parent for span in handlers] == [work.id]
    (root,) = (span for span in collector.spans if span.service == "site" and not span.parent)
    for name in ("receive", "work", "answer"):
        part = spans[name]
        assert part.parent == root.id and part.service == "site"
        assert root.start <= part.start <= part.end <= root.end
    assert root.start <= handlers[0].start <= handlers[0].end <= root.end
    assert spans["receive"].end <= work.start and work.end <= spans["answer"].start
    assert root.attributes["url.path"] == "/swift" and root.attributes["http.response.status_code"] == "200"
    line = until(lambda: re.search(r" request_id=(\S+) trace_id=(\S+)", server.output()), "the access log has it")
    names = {span.attributes["http.request.id"] for span in (root, *handlers)}
    assert line[2] == root.trace and names == {line[1]}
    assert server.terminate() == 0


def test_a_trace_of_a_proxy_goes_on_in_any_worker(house, collector):
    broker = free_port()
    house.broker(broker)
    mirror = Mirror(broker)
    server, port = serve(house, broker, collector, "--trace-sample", "0", "--trusted-proxy", "127.0.0.1")
    fields = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=b", "X-Request-Id": "r-1"}
    answer = get(port, "/moon", fields=fields)
    told = dict(json.loads(answer.body)["headers"])
    version, trace, parent, flags = told["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01") and parent != PARENT
    assert told["tracestate"] == "a=b" and told["x-request-id"] == "r-1" and answer.headers["x-request-id"] == "r-1"
    spans = until(lambda: len(collector.spans) >= 4 and collector.spans, "they have come")
    (root,) = (span for span in spans if span.parent == PARENT)
    assert root.trace == TRACE and next(span.id for span in spans if span.name == "work") == parent
    # Nobody has asked for these.
    for _ in range(20):
        assert "traceparent" not in dict(json.loads(get(port, "/moon").body)["headers"])
    assert server.terminate() == 0
    assert len(collector.spans) == 4
    mirror.close()


def test_what_is_under_way_when_the_server_leaves_is_sent_still(house, collector):
    broker = free_port()
    house.broker(broker)
    mirror = Mirror(broker)
    server, port = serve(house, broker, collector, "--trace-sample", "1", "--trace-interval", "1h")
    assert get(port, "/moon").status == 200
    assert not collector.spans
    assert server.terminate() == 0
    assert {span.name for span in collector.spans} == {"GET http.request", "receive", "work", "answer"}
    mirror.close()


def test_a_collector_that_takes_nothing_holds_nobody_up_and_is_counted(house):
    refusing = Collector(status=503)
    broker, metrics = free_port(), free_port()
    house.broker(broker)
    mirror = Mirror(broker)
    options = ["--trace-sample", "1", "--metrics", f"127.0.0.1:{metrics}", "--trace-queue", "8", "--trace-batch", "8"]
    server, port = serve(house, broker, refusing, *options, "--trace-retry", "0s")
    for _ in range(30):
        assert get(port, "/moon").status == 200
    failed = 'seaway_trace_spans_dropped_total{reason="failed"}'
    until(lambda: metric(metrics, failed) > 0, "they are counted")
    until(lambda: "spans were dropped" in server.output(), "it is logged")
    assert metric(metrics, "seaway_trace_spans_sent_total") == 0
    refusing.close()
    assert server.terminate() == 0
    mirror.close()


@pytest.mark.parametrize("first", [[503], [429, 502], [504]], ids=str)
def test_what_a_collector_does_not_take_for_now_is_sent_again_once_it_says(house, first):
    busy = Collector(first=list(first), retry_after="0")
    broker, metrics = free_port(), free_port()
    house.broker(broker)
    mirror = Mirror(broker)
    options = ["--trace-sample", "1", "--trace-interval", "10ms", "--metrics", f"127.0.0.1:{metrics}"]
    server, port = serve(house, broker, busy, *options)
    assert get(port, "/moon").status == 200
    until(lambda: len(busy.spans) == 4, "all have come, each once")
    assert metric(metrics, "seaway_trace_retries_total") == len(first)
    assert metric(metrics, 'seaway_trace_spans_dropped_total{reason="failed"}') == 0
    # It has asked for no pause, and got one all the same.
    times = [at for at, _ in busy.arrivals]
    assert all(later - earlier >= 0.09 for earlier, later in zip(times[: len(first)], times[1:]))
    assert "they are sent again" in server.output()
    assert server.terminate() == 0
    busy.close()
    mirror.close()


def test_spans_wait_for_a_collector_that_is_away_within_their_bound(house):
    away = Collector()
    away.close()
    broker, metrics = free_port(), free_port()
    house.broker(broker)
    mirror = Mirror(broker)
    options = ["--trace-sample", "1", "--trace-interval", "1h", "--metrics", f"127.0.0.1:{metrics}"]
    server, port = serve(house, broker, away, *options, "--trace-queue", "8", "--trace-batch", "4")
    assert get(port, "/moon").status == 200
    until(lambda: "they are sent again" in server.output(), "these are in hand")
    for _ in range(4):
        assert get(port, "/moon").status == 200
    full = 'seaway_trace_spans_dropped_total{reason="full"}'
    until(lambda: metric(metrics, full) == 4 * 4 - 8, "what finds no room is counted")
    assert metric(metrics, 'seaway_trace_spans_dropped_total{reason="failed"}') == 0
    assert server.terminate() == 0
    mirror.close()


def test_what_a_collector_refuses_for_good_is_not_sent_again(house):
    refusing = Collector(status=400)
    broker, metrics = free_port(), free_port()
    house.broker(broker)
    mirror = Mirror(broker)
    options = ["--trace-sample", "1", "--trace-interval", "10ms", "--metrics", f"127.0.0.1:{metrics}"]
    server, port = serve(house, broker, refusing, *options)
    assert get(port, "/moon").status == 200
    until(lambda: metric(metrics, 'seaway_trace_spans_dropped_total{reason="failed"}') == 4, "they are dropped")
    assert metric(metrics, "seaway_trace_retries_total") == 0
    assert sum(count for _, count in refusing.arrivals) == 4
    refusing.close()
    assert server.terminate() == 0
    mirror.close()


def test_requests_have_names_and_python_knows_them(house):
    broker, port = free_port(), free_port()
    house.broker(broker)
    application = house.folder / "application.py"
    application.write_text(
        "async def application(scope, receive, send):\n"
        "    if scope['type'] != 'http': return\n"
        "    if scope['path'] == '/fails': raise ValueError('no')\n"
        "    name = scope['extensions']['seaway.request']['id']\n"
        "    assert dict(scope['headers'])[b'x-request-id'] == name.encode()\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': name.encode()})\n"
    )
    environment = {"PYTHONPATH": f"{ROOT / 'clients/python/src'}:{house.folder}"}
    command = [sys.executable, "-m", "seaway", "asgi", "application:application", "--broker", f"127.0.0.1:{broker}"]
    worker = house.start(command, environment)
    until(lambda: house.readers(broker, "http.request"), "the worker listens")
    server = house.server(port, broker, "--access-log", "--access-log-format", "json")
    first, second = get(port, "/moon"), get(port, "/moon")
    assert first.body.decode() == first.headers["x-request-id"] != second.headers["x-request-id"]
    # What a client says is not trusted unless it is to be.
    assert get(port, "/moon", fields={"X-Request-Id": "mine"}).body != b"mine"
    failed = get(port, "/fails")
    assert failed.status == 500
    name = failed.headers["x-request-id"]
    until(lambda: f"(request {name})" in worker.output(), "its log names the request")
    # Who has answered, and for how long they had the request, is what they say themselves.
    line = json.loads(next(line for line in server.output().split("\n") if first.headers["x-request-id"] in line))
    assert re.fullmatch(r"[!-~]+:\d+", line["worker"]) and 0 <= line["worker_ms"] <= line["first_ms"]


@pytest.mark.parametrize(
    "options, fault",
    [
        (["--trace-endpoint", "collector"], "a collector is http://HOST:PORT"),
        (["--trace-sample", "2"], "allowed is 0 to 1"),
        (["--trace-resource", "x"], "a name, = and a value"),
        (["--trace-queue", "0"], "--trace-queue is 0"),
        (["--request-id", "mine"], "make, take or off"),
        (["--access-log-format", "xml"], "combined, json or logfmt"),
        (["--log-format", "xml"], "text and json"),
    ],
)
def test_what_makes_no_sense_is_refused(house, options, fault):
    program = house.start([SEAWAY, "serve", *options])
    until(lambda: not program.is_running, "it has ended")
    assert program.process.returncode == 64 and fault in program.output().replace("'", ""), program.output()
