"""Where a broker is."""

from __future__ import annotations

import os
import socket
import ssl
from typing import List, NamedTuple, Optional, Sequence

DEFAULT = "127.0.0.1:7411"
PORT = 7411


class Address(NamedTuple):
    """A TCP host and port, spoken to over TLS where there is a context for it, or (``path``) a Unix socket."""

    host: str
    port: int
    path: Optional[str] = None
    tls: Optional[ssl.SSLContext] = None

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"{'tls://' if self.tls else ''}{self.host}:{self.port}"

    def connect(self, timeout: float) -> socket.socket:
        """Returns a connected socket, or raises ``OSError``; each step takes ``timeout`` seconds at most."""
        if self.path is not None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(timeout)
                connection.connect(self.path)
            except BaseException:
                connection.close()
                raise
            return connection
        connection = socket.create_connection((self.host, self.port), timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is None:
            return connection
        try:
            return self.tls.wrap_socket(connection, server_hostname=self.host)
        except BaseException:
            connection.close()
            raise


def token(text: Optional[str] = None) -> Optional[str]:
    """A token that is given, else the environment's ``SEAWAY_TOKEN``, else none."""
    return text if text is not None else os.environ.get("SEAWAY_TOKEN") or None


def parse(text: Optional[str] = None, tls: Optional[ssl.SSLContext] = None) -> Address:
    """Reads ``HOST:PORT``, ``HOST``, ``[IPV6]:PORT``, each with ``tls://`` before it for TLS, or ``unix:PATH``.

    Without a text: the environment's ``SEAWAY_BROKER``, else ``127.0.0.1:7411``. Without ``tls`` a broker is trusted
    that the system's authorities vouch for. Raises ``ValueError`` for anything else, and for ``tls`` where it is of no
    use.
    """
    if text is None:
        text = os.environ.get("SEAWAY_BROKER") or DEFAULT
    if text.startswith("tls://"):
        plain = _parse(text[6:])
        if plain.path is None:
            return plain._replace(tls=tls or ssl.create_default_context())
        raise ValueError(f"{text!r} is no address: say tls://HOST:PORT")
    if tls is not None:
        raise ValueError(f"tls is given, but {text!r} does not begin with tls://")
    return _parse(text)


def _parse(text: str) -> Address:
    if text.startswith("unix:"):
        if text == "unix:":
            raise ValueError("unix: is followed by the path of a socket")
        return Address("", 0, text[5:])
    if text.startswith("["):
        host, mark, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        if not mark or colon not in ("", ":"):
            raise ValueError(f"{text!r} is no address: say HOST:PORT or unix:PATH")
    else:
        host, colon, port = text.partition(":")
    if not host or (colon and not _is_port(port)):
        raise ValueError(f"{text!r} is no address: say HOST:PORT or unix:PATH")
    return Address(host, int(port) if colon else PORT)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536


def several(
    address: Optional[str], hosts: Optional[Sequence[str]], tls: Optional[ssl.SSLContext] = None
) -> List[Address]:
    """Reads the addresses of several brokers; empty when there is only one, or none is named.

    Raises ``ValueError`` for what is no address, for one that is given twice, and when both arguments are given.
    """
    if hosts is None:
        return []
    if address is not None or not hosts or isinstance(hosts, str):
        raise ValueError("give either an address or hosts, a list of addresses")
    addresses = [parse(host, tls) for host in hosts]
    if len({str(one) for one in addresses}) < len(addresses):
        raise ValueError("a broker is given twice")
    return addresses if len(addresses) > 1 else []
