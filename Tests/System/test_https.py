"""Browsers over TLS, with real processes (INTERFACE.md, section 12: E1, E2, E3, E4, E5, E6)."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from xml.etree import ElementTree

import pytest
from websockets.sync.client import connect

from access import Authority, expired, seaway
from harness import PATIENCE, SEAWAY, Wire, free_port, until
from https import Site, ask, shown, trusting


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def identity(authority):
    return authority.issue("site", "DNS:localhost,IP:127.0.0.1")


@pytest.fixture
def open_site(house, identity):
    """Starts a site with this certificate, unless others are given."""
    sites: list[Site] = []

    def start(*options: str, identities: list | None = None) -> Site:
        sites.append(Site(house, identities or [identity], *options))
        return sites[-1]

    yield start
    for site in sites:
        site.worker.close()


def test_pages_and_sockets_come_over_tls_and_workers_hear_of_it(open_site, authority):
    site = open_site()
    curl = ["curl", "-sS", "--max-time", "20", "--cacert", str(authority.certificate)]
    page = subprocess.run([*curl, f"https://localhost:{site.port}/moon"], capture_output=True, timeout=PATIENCE)
    assert page.returncode == 0, page.stderr
    message = json.loads(page.stdout)
    assert (message["scheme"], message["path"], message["client"][0]) == ("https", "/moon", "127.0.0.1")
    context = trusting(authority)
    address = f"wss://localhost:{site.port}/live"
    with connect(address, ssl=context, open_timeout=PATIENCE, close_timeout=PATIENCE) as browser:
        big = "x" * 900_000
        for text in ["one", big, "three"]:
            browser.send(text)
            assert browser.recv(PATIENCE) == text
    assert site.worker.connects[0]["scheme"] == "wss"
    site.counts(2, "seaway_tls_handshakes_total")
    site.counts(0, "seaway_connections_open")
    site.counts(2, "seaway_connections_total")


def test_a_long_body_both_ways_and_many_requests_on_one_connection(open_site, authority):
    site = open_site("--body-inline", "1M")
    browser = site.browser(trusting(authority))
    for size in [1, 100_000, 1_900_000, 3]:
        assert ask(browser, f"/?{size}") == b"x" * size
    browser.request("POST", "/", body=b"y" * 900_000)
    assert len(json.loads(browser.getresponse().read())["body"]) >= 900_000
    browser.close()
    site.counts(1, "seaway_tls_handshakes_total")


@pytest.mark.parametrize("says_goodbye, ends", [(True, False), (True, True), (False, True)])
def test_a_client_that_ends_its_side_is_answered(open_site, authority, says_goodbye, ends):
    site = open_site("--route", "/slow=http.request.slow")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting(authority).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with (
        socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as plain,
        Wire(site.broker) as worker,
        Wire(site.broker) as sender,
    ):
        worker.listen("http.request.slow")

        def go_on(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    if outgoing.pending:
                        plain.sendall(outgoing.read())
                    came = plain.recv(65_536)
                    if came:
                        incoming.write(came)
                    else:
                        incoming.write_eof()

        go_on(tls.do_handshake)
        tls.write(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n")
        if says_goodbye:
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.unwrap()
        plain.sendall(outgoing.read())
        if ends:
            plain.shutdown(socket.SHUT_WR)
        channel = worker.take()["reply_channel"]
        assert sender.ask(f'SEND :- {channel} {{"status": 200, "content": "all the same"}}') == "OK"
        content = b""
        while not content.endswith(b"all the same"):
            content += go_on(lambda: tls.read(65_536))
        assert b" 200 OK\r\n" in content
    site.counts(0, "seaway_connections_open")


def test_an_end_without_a_goodbye_is_an_end(open_site, authority):
    site = open_site()
    connection = site.connect(trusting(authority))
    connection.sendall(b"GET /?5 HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")
    # The socket itself, without what TLS would say.
    socket.socket(fileno=connection.detach()).close()
    site.counts(0, "seaway_connections_open")
    assert "error" not in site.program.output().lower().replace("error=", "")


def test_each_name_has_its_certificate(open_site, authority, identity):
    other = authority.issue("other", "DNS:other.example.org,DNS:*.wide.example.org")
    site = open_site(identities=[identity, other])
    for name, names in {
        "localhost": "localhost", "": "localhost", "unknown.example.org": "localhost",
        "other.example.org": "other.example.org", "OTHER.example.ORG": "other.example.org",
        "a.wide.example.org": "other.example.org", "a.b.wide.example.org": "localhost",
        "wide.example.org": "localhost",
    }.items():  # fmt: skip
        assert shown(site, authority, name)[0] == names, name


def test_certificates_are_read_again_under_load(open_site, authority, identity, tmp_path):
    site = open_site()
    newer = Authority(tmp_path, "newer")
    both = trusting(authority)
    both.load_verify_locations(newer.certificate)
    stays = site.browser(both)
    assert ask(stays, "/?3") == b"xxx"
    ends, faults, done = threading.Event(), [], [0, 0]

    def load(keeps: bool) -> None:
        browser = site.browser(both)
        try:
            while not ends.is_set():
                if not keeps:
                    browser.close()
                assert ask(browser, "/?1000") == b"x" * 1000
                done[keeps] += 1
        except Exception as error:
            faults.append(error)
        browser.close()

    threads = [threading.Thread(target=load, args=(number % 2 == 0,)) for number in range(4)]
    for thread in threads:
        thread.start()
    own = identity[0].read_text(), identity[1].read_text()
    pairs = [newer.issue("renewed", "DNS:localhost"), identity]
    texts = [(pairs[0][0].read_text(), pairs[0][1].read_text()), own]
    for number in range(1, 7):
        for file, text in zip(identity, texts[(number - 1) % 2]):
            file.write_text(text)
        site.program.process.send_signal(signal.SIGHUP)
        until(lambda: site.program.output().count("HTTPS certificates read again") == number, "they are read again")  # noqa: B023
    ends.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert not faults and min(done) > 0, (faults, done)
    # One with a fault changes nothing.
    site.program.process.send_signal(signal.SIGHUP)
    identity[1].write_text("nothing")
    site.program.process.send_signal(signal.SIGHUP)
    site.tells("HTTPS certificates stay as they were")
    assert site.fetch(trusting(authority), "/?2") == b"xx"
    # What was there before all that is there still.
    assert ask(stays, "/?3") == b"xxx"
    identity[1].write_text(own[1])
    stays.close()


def test_new_connections_get_the_new_certificate(open_site, authority, identity, tmp_path):
    site = open_site()
    newer = Authority(tmp_path, "newer")
    for file, new in zip(identity, newer.issue("renewed", "DNS:localhost")):
        file.write_text(new.read_text())
    site.program.process.send_signal(signal.SIGHUP)
    site.tells("HTTPS certificates read again")
    assert site.fetch(trusting(newer), "/?2") == b"xx"
    with pytest.raises(ssl.SSLCertVerificationError):
        site.fetch(trusting(authority))


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_handshake_that_does_not_end_is_ended(open_site, authority, first):
    site = open_site("--http-tls-handshake-timeout", "500ms")
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as peer:
        peer.sendall(first)
        began = time.monotonic()
        assert b"".join(iter(lambda: peer.recv(4096), b"")) == b""
        assert time.monotonic() - began < PATIENCE / 2
    site.counts(1, "seaway_tls_handshakes_failed_total", reason="slow")
    # Nobody else was harmed, and who has shaken hands may be silent for longer.
    browser = site.browser(trusting(authority))
    browser.connect()
    time.sleep(0.9)
    assert ask(browser, "/?1") == b"x"
    browser.close()


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"PATCH / HTTP/1.1\r\nhost: a\r\n\r\n"])
def test_plain_http_is_not_answered(open_site, authority, first):
    site = open_site()
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as peer:
        peer.sendall(first)
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    assert b"HTTP" not in answer
    site.counts(1, "seaway_tls_handshakes_failed_total", reason="plain")
    site.tells("what came is no TLS, such as plain HTTP")
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE):
        pass
    site.counts(1, "seaway_tls_handshakes_failed_total", reason="left")
    site.counts(0, "seaway_connections_open")


def test_certificates_of_browsers(open_site, authority, identity, tmp_path):
    clients = Authority(tmp_path, "clients")
    known, stranger = clients.issue("known"), Authority(tmp_path, "strangers").issue("stranger")

    def context(pair=None) -> ssl.SSLContext:
        context = trusting(authority)
        if pair:
            context.load_cert_chain(*pair)
        return context

    site = open_site("--http-tls-client-ca", str(clients.certificate))
    assert site.fetch(context(known), "/?1") == b"x"
    for number, pair in enumerate([None, stranger], 1):
        with pytest.raises(OSError):
            site.fetch(context(pair))
        site.counts(number, "seaway_tls_handshakes_failed_total", reason="refused")
    site = open_site("--http-tls-client-ca", str(clients.certificate), "--http-tls-client", "optional")
    assert site.fetch(context(known), "/?1") == site.fetch(context(), "/?1") == b"x"
    with pytest.raises(OSError):
        site.fetch(context(stranger))


def old(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def without_secrecy(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA:@SECLEVEL=0")


def with_cbc(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("weaken", [old, without_secrecy, with_cbc])
def test_nothing_weak_is_spoken(open_site, authority, weaken):
    site = open_site()
    context = trusting(authority)
    weaken(context)
    with pytest.raises(ssl.SSLError):
        site.fetch(context)
    site.counts(1, "seaway_tls_handshakes_failed_total", reason="refused")
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        context = trusting(authority)
        context.minimum_version = context.maximum_version = version
        assert site.fetch(context, "/?1") == b"x"


@pytest.mark.skipif(not shutil.which("sslscan"), reason="sslscan is not here")
def test_sslscan_finds_nothing(open_site):
    site = open_site()
    scan = subprocess.run(
        ["sslscan", "--xml=-", "--no-colour", f"127.0.0.1:{site.port}"], capture_output=True, timeout=120, check=True
    )
    found = ElementTree.fromstring(scan.stdout).find("ssltest")
    assert found is not None
    enabled = {(p.get("type"), p.get("version")) for p in found.findall("protocol") if p.get("enabled") == "1"}
    assert enabled == {("tls", "1.2"), ("tls", "1.3")}
    for cipher in found.findall("cipher"):
        name = cipher.get("cipher") or ""
        assert name.startswith(("ECDHE-", "TLS_")), name
        assert "CBC" not in name and not name.endswith("-SHA") and int(cipher.get("bits") or 0) >= 128, name
        assert cipher.get("strength") in ("strong", "acceptable"), (name, cipher.get("strength"))
    assert all(leak.get("vulnerable") == "0" for leak in found.findall("heartbleed"))
    compression, renegotiation = found.find("compression"), found.find("renegotiation")
    assert compression is None or compression.get("supported") == "0"
    assert renegotiation is None or renegotiation.get("supported") == "0" or renegotiation.get("secure") == "1"


def test_openssl_verifies_what_is_shown(open_site, authority):
    site = open_site()
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{site.port}", "-servername", "localhost", "-CAfile",
         str(authority.certificate), "-verify_return_error", "-alpn", "http/1.1", "-quiet"],
        input=b"GET /?4 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.stdout.endswith(b"\r\n\r\nxxxx"), done


def test_an_expired_certificate_is_told_and_shown(open_site, tmp_path):
    certificate, key = expired(tmp_path)
    site = open_site(identities=[(certificate, key)])
    site.tells(f"the certificate in {certificate} has expired")
    context = ssl.create_default_context(cafile=certificate)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        site.fetch(context)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    assert site.fetch(context, "/?1") == b"x"


def test_a_server_that_leaves_answers_what_is_under_way_and_waits_for_no_goodbye(open_site, authority):
    site = open_site("--grace", "20s")
    context = trusting(authority)
    idle, shaking = site.connect(context), socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)
    site.counts(1, "seaway_tls_handshakes_total")
    began = time.monotonic()
    assert site.program.terminate() == 0
    assert time.monotonic() - began < 4
    assert idle.recv(10) == b"" and shaking.recv(10) == b""
    idle.close()
    shaking.close()


@pytest.mark.parametrize(
    "options, told",
    [
        (["--http-tls-certificate", "x.pem"], "--http-tls-key"),
        (["--http-tls-certificate", "x", "--http-tls-certificate", "y", "--http-tls-key", "x"], "as often"),
        (["--http-tls-client-ca", "x.pem"], "--http-tls-client-ca needs"),
        (["--http-tls-certificate", "/no/x.pem", "--http-tls-key", "/no/x.key"], "/no/x.pem"),
        (["--http-tls-certificate", "/dev/null", "--http-tls-key", "/dev/null"], "/dev/null"),
        (["--http-tls-handshake-timeout", "0"], "--http-tls-handshake-timeout"),
    ],
)
def test_what_is_missing_for_tls_is_told(options, told):
    for command in ["serve", "up"]:
        assert told in seaway(command, "--http", f"127.0.0.1:{free_port()}", *options, code=64).stderr


def test_a_key_of_another_certificate_is_told(authority, identity):
    _, other = authority.issue("other", "DNS:localhost")
    pairs = [identity, (identity[0], other)]
    files = [word for pair in pairs for word in ("--http-tls-certificate", pair[0], "--http-tls-key", pair[1])]
    assert "is not the key of" in seaway("serve", *files, code=64).stderr


def test_a_server_of_its_own_reads_again_too(house, authority, identity):
    port, broker = free_port(), free_port()
    house.broker(broker)
    files = ["--http-tls-certificate", identity[0], "--http-tls-key", identity[1]]
    command = [SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}", *files]
    program = house.listening(house.start(command), port)
    program.process.send_signal(signal.SIGHUP)
    until(lambda: "HTTPS certificates read again" in program.output(), "the server tells")
