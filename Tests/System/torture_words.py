"""What the requests of the torture tables are made of."""

from __future__ import annotations

LIVES, CLOSES = True, False

H = "Host: a|"
GET = f"GET / HTTP/1.1|{H}"
POST = f"POST / HTTP/1.1|{H}"
CHUNKED = f"{POST}Transfer-Encoding: chunked||"
