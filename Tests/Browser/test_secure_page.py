"""What a browser makes of TLS: pages over HTTP/2, and WebSockets on the same connection (RFC 8441)."""

from __future__ import annotations

import pytest

from access import Authority
from chromium import Browser
from https import Site

SOCKET = """
new Promise((resolve, reject) => {
  const socket = new WebSocket(`wss://${location.host}/live`);
  socket.onopen = () => socket.send("over TLS");
  socket.onmessage = (event) => resolve(event.data);
  socket.onerror = () => reject(new Error("no socket"));
})
"""

PROTOCOL = "performance.getEntriesByType('navigation')[0].nextHopProtocol"


@pytest.fixture
def careless(tmp_path):
    """One that asks for no certificate that it knows."""
    running = Browser(tmp_path / "chromium", "--ignore-certificate-errors")
    yield running
    running.end()


@pytest.mark.parametrize(("options", "protocol"), [([], "h2"), (["--no-http2"], "http/1.1")])
def test_pages_come_by_http_2_and_sockets_beside_them(house, careless, tmp_path, options, protocol):
    site = Site(house, [Authority(tmp_path, "authority").issue("site", "DNS:localhost")], *options)
    page = careless.open(f"https://localhost:{site.port}/moon")
    assert page.evaluate(PROTOCOL) == protocol
    assert "/moon" in str(page.evaluate("document.body.innerText"))
    asks = "Promise.all([...Array(50).keys()].map(n => fetch(`/?${n + 1}`).then(r => r.text()).then(t => t.length)))"
    assert page.evaluate(asks) == list(range(1, 51))
    assert page.evaluate(SOCKET) == "over TLS"
    assert site.count("seaway_http2_websockets_total") == (1 if protocol == "h2" else 0)
    page.close()
    site.worker.close()
