"""Parts that are replaced, killed or told to leave while others work: what their clients see of it."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from deploy_load import WINDOW, Load
from deploys import KINDS, Deploys, Poster, Site
from harness import PATIENCE, metric, until

LANGUAGES = [kind for kind in KINDS if not kind.endswith("-sticky")]


@pytest.mark.timeout(240)
def test_workers_are_replaced_and_nobody_notices(house):
    deploys = Deploys(house, list(KINDS), sockets=200 // len(KINDS))
    deploys.run(8)
    assert min(deploys.site.replaced.values()) >= 2, deploys.summary()
    assert not deploys.violations(), deploys.summary()


def loaded(site: Site, sockets: int, clients: int, pace: float = 0.02) -> Load:
    """Clients of a site, once each of them has had an answer."""
    load = Load(site.port, site.kinds, sockets, clients, pace)
    load.start()
    went_on(load, time.monotonic())
    return load


def went_on(load: Load, moment: float, patience: float = 2 * PATIENCE) -> None:
    """Waits until every client has got an answer, and every socket a frame, that it asked for after that moment."""

    def waiting() -> list[str]:
        # A request that began later has an answer, and of each socket two frames: the first may have been under way.
        asked = {each.client for each in load.asked if each.began > moment and each.is_right}
        clients = [str(each) for each in load.askers if each not in asked]
        return clients + [str(each) for each in load.browsers if each.came_after(moment) <= WINDOW]

    try:
        until(lambda: not waiting(), "everybody goes on", patience)
    except AssertionError as error:
        raise AssertionError(f"{error}: {', '.join(waiting())} do not") from None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.endswith("-sticky")])
def test_a_slow_worker_that_leaves_gives_its_sockets_back_with_what_waits(house, kind):
    site = Site(house, [kind], pause=200)
    # More than it works on at a time: frames wait in its mailbox for longer than it takes to give sockets back.
    load = loaded(site, sockets=30, clients=1)
    for _ in range(2):
        moment = time.monotonic()
        site.replace(kind)
        went_on(load, moment)
    load.stop()
    assert not load.violations() and not site.violations(), load.summary()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", LANGUAGES)
def test_a_worker_that_is_killed_costs_at_most_what_it_had_taken(house, kind):
    # What is acknowledged comes again before the server goes on without it, so that order is kept.
    options = ["--http-timeout", "5s", "--websocket-done-timeout", "1s"]
    site = Site(house, [kind], *options, pause=30, broker=("--return", "100ms"))
    doomed = site.workers[kind]
    site.workers[kind] = site.begin(kind)
    site.wait_for_readers(kind, 2)
    load = loaded(site, sockets=20, clients=20)
    moment = time.monotonic()
    doomed.kill()
    went_on(load, moment)
    load.stop()
    lost = sum(each.lost for each in load.browsers)
    # A stream that had begun is broken off, a post that it had in hand is refused at once (I70); nothing else is lost.
    assert len(load.failed) + lost <= KINDS[kind].most, load.summary()
    # The load was there: something was under way.
    stats = site.look("STATS")
    assert stats["returned"] + stats["reported"] > 0, load.summary()
    assert lost == 0 and {each.status for each in load.failed} <= {0, 502}, load.violations()
    assert all(each.is_stream for each in load.failed if each.status == 0), load.violations()
    assert not load.disorder(repeats=True) and not load.faults and not site.violations()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", ["kill", "terminate"])
def test_sockets_outlive_their_broker_and_requests_in_between_are_told(house, way):
    kinds = list(KINDS)
    patience = ["--connect-patience", "500ms", "--http-timeout", "4s"]
    site = Site(house, kinds, *patience, broker=("--drain", "2s"))
    load = loaded(site, sockets=4, clients=4, pace=0.05)
    until(lambda: site.members() == len(load.browsers), "all are in the group")
    began = time.monotonic()
    getattr(site.broker, way)()

    def is_told() -> bool:
        return sum(each.status == 503 and each.began > began for each in load.asked) > len(load.askers)

    until(is_told, "requests are told that there is no broker")
    noticed = min(each.ended for each in load.asked if each.status == 503 and each.began > began)
    site.restart_broker()
    for kind in kinds:
        site.wait_for_readers(kind, 1)
    until(lambda: site.members() == len(load.browsers), "the memberships are back")
    back = time.monotonic()
    poster = Poster(site)
    poster.start()
    went_on(load, back)
    poster.stop()
    until(
        lambda: all(each.posts == list(range(1, poster.count + 1)) for each in load.browsers),
        "each socket has heard all posts",
    )
    load.stop()
    for each in load.failed:
        # In between, and neither before nor after it. What was under way when the server saw that its broker was away
        # has died with it, or has an answer that came later, or only the end of one.
        assert began < each.ended and each.began < back, str(each)
        if each.began > noticed:
            # A 504 has waited for its worker, which looked for the new broker later than the server did.
            assert each.status in (503, 504), str(each)
        else:
            assert each.status in (0, 500, 502, 503, 504), str(each)
        assert each.status != 503 or (each.fields or {})["retry-after"] == "1"
        assert each.ended - each.began < (3 if each.status == 503 and each.began > noticed else 10), str(each)


class Slow(threading.Thread):
    """A request that is under way for a while, on a connection that would stay open."""

    def __init__(self, port: int, path: str, content: bytes):
        super().__init__(daemon=True)
        self.path = path
        self.content = content
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.connect()
        self.answer: http.client.HTTPResponse | None = None
        self.said = b""

    def run(self) -> None:
        self.connection.request("POST", self.path, self.content)
        self.answer = self.connection.getresponse()
        self.said = self.answer.read()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["swift", "python-aio", "go"])
def test_a_server_that_leaves_finishes_what_is_under_way(house, kind):
    site = Site(house, [kind], "--grace", "10s", pause=500)
    content = b"x" * 2_000
    paths = [f"/{kind}"] * 3 + [f"/{kind}?pieces=40"] * 3
    slow = [Slow(site.port, path, content) for path in paths]
    idle = socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)
    with connect(f"ws://127.0.0.1:{site.port}/{kind}", open_timeout=PATIENCE) as browser:
        until(lambda: site.members() == 1, "the socket is in the group")
        for each in slow:
            each.start()
        until(lambda: metric(site.metrics_port, "seaway_http_requests_total") == len(slow), "all are asked")
        began = time.monotonic()
        code = site.server.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            browser.recv(PATIENCE)
    assert code == 0 and time.monotonic() - began < 10
    assert closed.value.rcvd and closed.value.rcvd.code == 1001
    for each in slow:
        each.join(PATIENCE)
        assert each.answer is not None and each.answer.status == 200, each.path
        assert each.said == content
        assert each.answer.headers["connection"] == "close" or "pieces" in each.path
    assert idle.recv(1) == b""
    idle.close()
    # Its end was told: nobody is in the group.
    until(lambda: site.members() == 0, "the membership is over")
    assert not [line for line in site.violations() if "seaway serve" not in line and "dropped" in line]
