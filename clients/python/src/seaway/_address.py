"""Where a broker is."""

import os
import re
import socket
import ssl
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

DEFAULT = "127.0.0.1:7411"
PORT = 7411
_TLS = "tls://"

#: What the settings of a Django project may say.
Host = Union[str, Tuple[str, int], Sequence[Any], Mapping[str, Any]]


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


def reason(error: BaseException) -> str:
    """Why a connection did not come about or has ended, for people."""
    # Of ssl.SSLCertVerificationError, which there is from Python 3.7 on.
    verdict = getattr(error, "verify_message", "")
    if verdict:
        return f"its certificate is not trusted: {verdict}"
    if isinstance(error, OSError) and not isinstance(error, (socket.gaierror, ssl.SSLError)) and error.errno:
        return os.strerror(error.errno)
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or "no answer in time"


def token(text: Optional[str] = None) -> Optional[str]:
    """A token that is given, else the environment's ``SEAWAY_TOKEN``, else none."""
    return text if text is not None else os.environ.get("SEAWAY_TOKEN") or None


def parse(text: str, tls: Optional[ssl.SSLContext] = None) -> Address:
    """Reads ``HOST:PORT``, ``HOST``, ``[IPV6]:PORT``, each with ``tls://`` before it for TLS, or ``unix:PATH``.

    Without ``tls`` a broker is trusted as ``trust`` says. Raises ``ValueError`` for anything else, and for ``tls``
    where it is of no use.
    """
    address = check(text)
    if text.startswith(_TLS):
        return address._replace(tls=tls or trust())
    if tls is not None:
        raise ValueError(f"tls is given, but {text!r} does not begin with tls://")
    return address


def check(text: str) -> Address:
    """Like ``parse``, without looking for whom to trust."""
    if not text.startswith(_TLS):
        return _parse(text)
    address = _parse(text[len(_TLS) :])
    if address.path is not None:
        raise ValueError(f"{text!r} is no address: say tls://HOST:PORT")
    return address


def trust() -> ssl.SSLContext:
    """Whom to trust where nothing else is said: the authorities in the file that ``SEAWAY_TLS_CA`` names.

    Without it those of the system. ``SEAWAY_TLS_CERTIFICATE`` and ``SEAWAY_TLS_KEY`` name what this side shows, if
    anything. Raises ``ValueError`` for files that cannot be used.
    """
    authorities, certificate, key = (os.environ.get(f"SEAWAY_TLS_{name}") for name in ("CA", "CERTIFICATE", "KEY"))
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except OSError as error:
        raise ValueError(f"{authorities} holds no authorities to trust: {error.strerror or error}") from error
    if certificate:
        try:
            context.load_cert_chain(certificate, key or None)
        except OSError as error:
            files = f"{certificate}{f' and {key}' if key else ''}"
            raise ValueError(f"{files} are no certificate and key: {error.strerror or error}") from error
    return context


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
    if not colon and _is_port(host):
        raise ValueError(f"{text!r} is no address, its host is missing: say HOST:{host}")
    if not host:
        raise ValueError(f"{text!r} is no address, its host is missing: say HOST:PORT or unix:PATH")
    if colon and not _is_port(port):
        raise ValueError(f"{text!r} is no address, its port is not 1 to 65535: say HOST:PORT or unix:PATH")
    return Address(host, int(port) if colon else PORT)


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) < 65_536


def named(text: Optional[str] = None) -> List[str]:
    """The brokers that a text names, one or several, between commas or spaces.

    Without a text: the environment's ``SEAWAY_BROKER``, else ``127.0.0.1:7411``.
    """
    if text is None:
        text = os.environ.get("SEAWAY_BROKER") or DEFAULT
    return [name for name in re.split(r"[,\s]+", text) if name] or [DEFAULT]


def several(
    address: Optional[str], hosts: Optional[Sequence[str]], tls: Optional[ssl.SSLContext] = None
) -> Tuple[List[str], List[Address]]:
    """Reads the addresses of one or several brokers; returns them as they were given, and as they are.

    Raises ``ValueError`` for what is no address, for one that is given twice, and when both arguments are given.
    """
    if hosts is None:
        names = [address] if address is not None else named()
    elif address is not None or not hosts or isinstance(hosts, str):
        raise ValueError("give either an address or hosts, a list of addresses")
    else:
        names = list(hosts)
    addresses = [parse(name, tls) for name in names]
    texts = [str(one) for one in addresses]
    for text in texts:
        if texts.count(text) > 1:
            raise ValueError(f"the broker {text} is given twice")
    return names, addresses


def of_host(host: Host) -> str:
    """Takes what people write for channels_redis too: ``("127.0.0.1", 7411)`` and ``{"address": …}``."""
    if isinstance(host, str):
        return host
    if isinstance(host, Mapping):
        return of_host(host["address"])
    name, port = str(host[0]), host[1]
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
