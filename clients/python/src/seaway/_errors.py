"""What can go wrong, and whether a message was stored.

::

    SeawayError
    ├── Refused                 a broker was asked and said no: nothing was stored or changed
    │   ├── UnknownVerb         unknown    the broker has no such request
    │   ├── BadArguments        args
    │   ├── BadOption           option
    │   ├── BadName             name       not legal here; raised before anything is sent
    │   ├── TooLarge            size       over the broker's max-body
    │   ├── BadVersion          version
    │   ├── NotAuthenticated    auth
    │   ├── Denied              denied
    │   ├── WrongState          state
    │   ├── NotReader           reader     only the reader of that channel may say it
    │   ├── BadPayload          payload    no message; raised before anything is sent
    │   ├── Full                full       no room now: try later
    │   ├── Away                away       nobody listens (if_heard)
    │   ├── Gone                gone       the reader has closed the channel: nobody waits any more
    │   ├── LimitReached        limit
    │   ├── Late                late       that message is not held here any more
    │   ├── StoreAway           store      what keeps that durable channel cannot be asked now: try later
    │   ├── Closing             closing    the broker is about to leave
    │   ├── Unsupported         the broker is too old for it: nothing was sent
    │   └── Unreachable         no broker could be asked: nothing was sent
    ├── Unknown                 the connection broke before the answer: stored or not (also the code maybe)
    ├── Lost                    another connection reads this mailbox or pinned channel now
    ├── BodyBroken              the rest of a request's body does not come
    ├── NoSession               a socket's worker has left, and with it the session
    ├── Retry, Dead             raised by functions of workers: a message is to come again, or never
    ├── BodyTooLarge            a request's body is larger than the function reads
    └── Ended                   the broker will not have this client, or the layer was left: nothing was sent

The codes are those of protocol/PROTOCOL.md, section 3. A code that this version does not know is a plain ``Refused``.
"""

from typing import Dict, Mapping, Optional, Type


class SeawayError(Exception):
    """The base of all errors of this package."""


class Refused(SeawayError):
    """A request was declined; nothing was stored or changed.

    ``code`` is the fixed word of the protocol, ``options`` what stands beside it (``{"by": "messages"}``), ``name``
    the channel or group that a send was for. ``text`` is for people and may change at any time.
    """

    code = ""
    name: Optional[str] = None

    def __init__(self, text: str = "", *, code: Optional[str] = None, options: Optional[Mapping[str, str]] = None):
        self.code = code or type(self).code
        self.options = dict(options or {})
        self.text = text
        super().__init__(f"{self.code}: {text}" if text else self.code)


class UnknownVerb(Refused):
    """The broker has no such request."""

    code = "unknown"


class BadArguments(Refused):
    """Arguments or body are missing, too many, or of the wrong kind."""

    code = "args"


class BadOption(Refused):
    """An option has a value out of its range, or is not known."""

    code = "option"


class BadName(Refused):
    """A name is not legal here."""

    code = "name"


class TooLarge(Refused):
    """The body is over the broker's ``max-body`` (2 MiB unless told otherwise)."""

    code = "size"


class BadVersion(Refused):
    """The broker does not speak version 1."""

    code = "version"


class NotAuthenticated(Refused):
    """The token is not known."""

    code = "auth"


class Denied(Refused):
    """The token does not allow it."""

    code = "denied"


class WrongState(Refused):
    """The request is not allowed now."""

    code = "state"


class NotReader(Refused):
    """Only the reader of that channel may say it."""

    code = "reader"


class BadPayload(Refused):
    """The body is not one well-formed message."""

    code = "payload"


class Full(Refused):
    """The channel, its mailbox or the broker has no room; ``options["by"]`` says which. Try later."""

    code = "full"


class Away(Refused):
    """The message was to be sent only if somebody listens, and nobody does."""

    code = "away"


class Gone(Refused):
    """The channel was closed by its reader: nobody waits for this message any more."""

    code = "gone"


class LimitReached(Refused):
    """A limit of the broker, or of this client, is used up; ``options["of"]`` says which."""

    code = "limit"


class Late(Refused):
    """The connection does not hold that message any more: it is done, or was given to another."""

    code = "late"


class StoreAway(Refused):
    """What keeps that durable channel cannot be asked now; nothing was stored."""

    code = "store"


class Closing(Refused):
    """The broker is about to leave; try again when it is back."""

    code = "closing"


class Unreachable(Refused):
    """No broker could be asked in time; nothing was sent."""

    code = "unreachable"


class Unsupported(Refused):
    """The broker is too old for what was asked; nothing was sent."""

    code = "unsupported"


#: Nothing was stored, and the same may be taken a little later.
PASSING = (Full, StoreAway, Closing, Unreachable)


class Unknown(SeawayError):
    """The connection broke before the answer came: the message was stored, or it was not.

    So it is too when what keeps a durable channel does not say what became of it (``maybe``). ``name`` is
    the channel that it was for.
    """

    name: Optional[str] = None


class BodyBroken(SeawayError):
    """The rest of the body of a request does not come: ``is_left`` if its client has left, or the answer is over."""

    def __init__(self, text: str, *, is_left: bool = False):
        self.is_left = is_left
        super().__init__(text)


class BodyTooLarge(SeawayError):
    """The body of a request is larger than the function reads; a worker answers it with 413."""


class NoSession(SeawayError):
    """The session of a socket is not in this process: the worker that had it has left, or had too many sockets.

    A function that lets it pass has the socket closed with 1012, which tells the browser to come again.
    """


class Retry(SeawayError):
    """Raised by a function of a worker: the message that it has in hand is to be delivered again, later.

    On a channel that is acknowledged. ``in_``: seconds, 0 to 86,400; unless given, 1 s the first time and twice as
    much each time, 5 min at most.
    """

    def __init__(self, text: str = "", *, in_: Optional[float] = None):
        self.in_ = in_
        super().__init__(text)


class Dead(SeawayError):
    """Raised by a function of a worker: the message that it has in hand can never be done.

    On a channel that is acknowledged: the message becomes a dead letter at once, on CHANNEL``.dead``, with the reason.
    """

    def __init__(self, reason: str = ""):
        self.reason = reason
        super().__init__(reason)


class Lost(SeawayError):
    """Another connection reads ``name`` now; this listening is over and must not be taken back by itself."""

    def __init__(self, name: str):
        self.name = name
        super().__init__(f"another connection listens on {name} now")


class Ended(SeawayError):
    """The broker will not have this client (``BYE line``, ``BYE auth``), or the layer was left with ``quit``."""


_BY_CODE: Dict[str, Type[Refused]] = {
    kind.code: kind for kind in Refused.__subclasses__() if kind not in (Unreachable, Unsupported)
}


def refusal(code: str, options: Mapping[str, str], text: str) -> SeawayError:
    """The error for an ``ERR`` of the broker."""
    if code == "maybe":
        return Unknown(text)
    kind = _BY_CODE.get(code, Refused)
    return kind(text, code=code, options=options)
