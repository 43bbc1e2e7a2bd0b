"""One connection to the fake broker: bytes in, bytes out. protocol/PROTOCOL.md, sections 1, 3 and 4."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence, Set

from .. import _json, _names, _values
from .._errors import BadName, BadPayload
from .._frames import Frame, FrameParser
from . import _looking
from ._broker import FakeBroker
from ._channels import Refusal

_FEATURES = "ack,bounds,delay,groups,mailboxes,once,pause"
_MOST_LINE = 4_096
MAX_BODY = 2_097_152
#: How many arguments a request has, and whether a body.
_FORMS = {
    "HELLO": (1, 1, False),
    "SEND": (1, 1, True),
    "GSEND": (1, 1, True),
    "ACK": (2, None, False),
    "NAK": (2, 2, False),
    "HOLD": (2, None, False),
    "LISTEN": (1, None, False),
    "UNLISTEN": (1, None, False),
    "READY": (1, 2, False),
    "JOIN": (2, None, False),
    "LEAVE": (2, None, False),
    "PAUSE": (1, 1, False),
    "RESUME": (1, 1, False),
    "CLOSE": (1, None, False),
    "MEMBERS": (1, 1, False),
    "PEEK": (1, 1, False),
    "STATS": (0, 1, False),
    "FLUSH": (0, 1, False),
    "PING": (0, 0, False),
    "PONG": (0, 0, False),
    "QUIT": (0, 0, False),
}


class Connection:
    """A client of the fake broker; also a reader of its channels."""

    def __init__(self, broker: FakeBroker):
        self._broker = broker
        self._parser = FrameParser(max_body=MAX_BODY)
        self._output = bytearray()
        self._format = "json"
        self._names: Dict[str, None] = {}
        self._common = 0
        self._accounts: Dict[str, int] = {}
        self._hears_members: Set[str] = set()
        self._acked: Set[str] = set()
        self._is_first = True
        #: The stream has ended from this side.
        self.is_over = False
        #: Told when there is something to read.
        self.on_output: Callable[[], None] = lambda: None

    # Bytes

    def hear(self, data: bytes) -> None:
        """Takes what the client says."""
        for frame in self._parser.feed(data):
            if not self.is_over:
                self._take_frame(frame)
        if self._parser.end is not None and not self.is_over:
            self._write(f"BYE {self._parser.end}")
            self.end()

    def take_output(self) -> bytes:
        """Returns what the client is to hear."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def end(self) -> None:
        """The connection is over."""
        self.is_over = True
        for name in list(self._names):
            self._forget(name)
            self._broker.broke(self, name)
        self._broker.leases.left(self, False)

    def _write(self, line: str, body: Optional[bytes] = None) -> None:
        if body is None:
            self._output += f"{line}\n".encode()
        else:
            verb, _, words = line.partition(" ")
            self._output += f"{verb} :{len(body)}{' ' if words else ''}{words}\n".encode() + body + b"\n"
        self.on_output()

    # A reader of channels

    def account_of(self, name: str) -> Optional[str]:
        """What pays for a name: its own account, or the common one."""
        return name if name in self._accounts else None

    def credit(self, name: str) -> int:
        """How many messages it can take."""
        return self._accounts.get(name, self._common)

    def acks(self, channel: str) -> bool:
        """Whether it listens there with ``Ack=1``."""
        return channel in self._acked

    def take(self, name: str, channels: Sequence[str], group: Optional[str], body: bytes, marks: str = "") -> None:
        """Pushes a message."""
        self._spend(name)
        self._write(f"MSG {' '.join(channels)}{marks}{f' group={group}' if group else ''}", self._translated(body))

    def lost(self, name: str) -> None:
        """Another has taken a name over."""
        self._forget(name)
        self._write(f"LOST {name}")

    def told(self, verb: str, group: str, channels: Sequence[str]) -> None:
        """Memberships of what is read here have begun or ended."""
        rest = [channel for channel in channels if _names.mailbox(channel) in self._hears_members]
        while rest:
            line = f"{verb} {group}"
            while rest and len(line) + 1 + len(rest[0]) <= _MOST_LINE:
                line += f" {rest.pop(0)}"
            self._write(line)

    def _spend(self, name: str) -> None:
        if name in self._accounts:
            self._accounts[name] = max(0, self._accounts[name] - 1)
        else:
            self._common = max(0, self._common - 1)

    def _forget(self, name: str) -> None:
        self._names.pop(name, None)
        self._accounts.pop(name, None)
        self._hears_members.discard(name)

    # Frames

    def _take_frame(self, frame: Frame) -> None:
        is_first, self._is_first = self._is_first, False
        try:
            if frame.refused is not None:
                raise Refusal(frame.refused)
            self._check_form(frame)
            if frame.verb == "HELLO" and not is_first:
                raise Refusal("state")
            getattr(self, f"_{frame.verb.lower()}")(frame)
        except Refusal as refused:
            self._write(f"ERR {refused}")
        except BadName:
            self._write("ERR name")
        except BadPayload:
            self._write("ERR payload")

    def _check_form(self, frame: Frame) -> None:
        form = _FORMS.get(frame.verb)
        if form is None:
            raise Refusal("unknown")
        least, most, has_body = form
        count = len(frame.args)
        if count < least or (most is not None and count > most) or has_body != (frame.body is not None):
            raise Refusal("args")

    def _hello(self, frame: Frame) -> None:
        if frame.args != ["1"]:
            raise Refusal("version", "supported=1")
        self._format = frame.options.get("format", "json")
        heartbeat = frame.options.get("heartbeat", "0")
        self._write(
            f"HELLO 1 id=fake epoch={self._broker.epoch} features={_FEATURES} max-body={MAX_BODY} max-line=4096"
            f" max-names=1024{f' heartbeat={heartbeat}' if heartbeat != '0' else ''}"
        )

    def _send(self, frame: Frame) -> None:
        channel = _names.channel(frame.args[0])
        here = frame.options.get("Here")
        if here not in (None, "1"):
            raise Refusal("option")
        bounds, leases = self._bounds(frame), self._broker.leases
        if "In" in frame.options:
            bounds["delay"] = _milliseconds(frame.options["In"], 1)
        key, body = frame.options.get("Once"), self._checked(frame.body)
        self._broker.look()
        if key is not None and leases.is_known(channel, key):
            self._write("OK once=1")
        else:
            self._broker.send(channel, body, here=here == "1", **bounds)
            if key is not None:
                leases.know(channel, key)
            self._write("OK")
        if "Ack" in frame.options:
            leases.ack_own(self, frame.options["Ack"])

    def _gsend(self, frame: Frame) -> None:
        without = frame.options.get("except")
        if without is not None:
            _names.channel(without)
        group = _names.group(frame.args[0])
        body, bounds = self._checked(frame.body), self._bounds(frame)
        sent, full, gone = self._broker.send_group(group, body, without=without, **bounds)
        self._write(f"OK sent={sent} full={full} gone={gone}")

    def _listen(self, frame: Frame) -> None:
        names = [_names.listenable(name) for name in frame.args]
        states = []
        ack = frame.options.get("Ack")
        if ack is not None and (ack != "1" or any(_names.form(name) != "normal" or len(name) > 250 for name in names)):
            raise Refusal("option")
        (self._acked.difference_update if ack is None else self._acked.update)(names)
        for name in names:
            # Its credit begins anew (R2), but for who listens already.
            self._names.setdefault(name)
            states.append(self._broker.listen(self, name))
        told = [state for state in states if state is not None]
        if frame.options.get("members") == "1":
            self._hears_members.update(name for name in names if name.endswith("!"))
            for name in names:
                channels = self._broker.groups.under(name) if name.endswith("!") else []
                for group in self._broker.groups.names:
                    self.told("JOINED", group, [one for one in channels if group in self._broker.groups.of(one)])
        self._write("OK" if not told else f"OK state={'kept' if all(told) else 'fresh'}")
        self._pump()

    def _unlisten(self, frame: Frame) -> None:
        for name in [_names.listenable(name) for name in frame.args]:
            self._forget(name)
            self._broker.unlisten(self, name)
        self._write("OK")

    def _ack(self, frame: Frame) -> None:
        self._broker.look()
        self._broker.ack(_names.channel(frame.args[0]), frame.args[1:])
        self._write("OK")

    def _nak(self, frame: Frame) -> None:
        self._broker.look()
        in_, dead, begun = (frame.options.get(option) for option in ("In", "Dead", "begun"))
        # Of others those in lower case are ignored (F9).
        unknown = any(option[0].isupper() for option in frame.options.keys() - {"In", "Dead", "Why"})
        if unknown or dead not in (None, "1") or begun not in (None, "0") or (in_ is not None and dead is not None):
            raise Refusal("option")
        pause = None if in_ is None else _milliseconds(in_, 0)
        why = None if dead is None else frame.options.get("Why", "")
        channel, id = _names.channel(frame.args[0]), frame.args[1]
        if not self._broker.leases.nak(self, channel, id, pause, why, is_begun=begun is None):
            raise Refusal("late")
        self._broker.look()
        self._write("OK")

    def _hold(self, frame: Frame) -> None:
        self._broker.look()
        if not self._broker.leases.hold(self, _names.channel(frame.args[0]), frame.args[1:]):
            raise Refusal("late")
        self._write("OK")

    def _ready(self, frame: Frame) -> None:
        count = int(frame.args[0])
        if len(frame.args) == 1:
            self._common = self._common + count if count else 0
        elif frame.args[1] in self._names:
            self._accounts[frame.args[1]] = self._accounts.get(frame.args[1], 0) + count if count else 0
        self._pump()

    def _pump(self) -> None:
        """Gives what waits, over all names in turn (D3)."""
        waiting = list(self._names)
        while waiting:
            waiting = [name for name in waiting if self._broker.give_one(name)]

    def _join(self, frame: Frame) -> None:
        group, channels = _names.group(frame.args[0]), [_names.channel(name) for name in frame.args[1:]]
        self._broker.join(group, channels)
        self._write("OK")

    def _leave(self, frame: Frame) -> None:
        self._broker.leave(_names.group(frame.args[0]), [_names.channel(name) for name in frame.args[1:]])
        self._write("OK")

    def _pause(self, frame: Frame) -> None:
        self._broker.pause(self, _names.channel(frame.args[0]))
        self._write("OK")

    def _resume(self, frame: Frame) -> None:
        self._broker.resume(self, _names.channel(frame.args[0]))
        self._write("OK")

    def _close(self, frame: Frame) -> None:
        self._broker.close(self, [_names.channel(name) for name in frame.args])
        self._write("OK")

    def _members(self, frame: Frame) -> None:
        self._show(_looking.members(self._broker, frame))

    def _peek(self, frame: Frame) -> None:
        self._show(_looking.peek(self._broker, frame))

    def _stats(self, frame: Frame) -> None:
        self._show(_looking.stats(self._broker, frame))

    def _flush(self, frame: Frame) -> None:
        pattern = _names.pattern(frame.args[0]) if frame.args else None
        messages, memberships = self._broker.flush(pattern)
        self._write(f"OK messages={messages} memberships={memberships}")

    def _show(self, shown: Dict[str, Any]) -> None:
        self._write("DATA", _looking.printed(shown))

    # The rest

    def _ping(self, frame: Frame) -> None:
        self._write("PONG")

    def _pong(self, frame: Frame) -> None:
        pass

    def _quit(self, frame: Frame) -> None:
        for name in list(self._names):
            self._forget(name)
            self._broker.unlisten(self, name)
        self._broker.leases.left(self, True)
        self._write("OK")
        self.is_over = True

    def _bounds(self, frame: Frame) -> Dict[str, Any]:
        bounds: Dict[str, Any] = {}
        if "Capacity" in frame.options:
            rules = [rule.rpartition(":") for rule in frame.options["Capacity"].split(",")]
            bounds["capacity"] = [(pattern or None, int(count)) for pattern, _, count in rules]
        if "Expiry" in frame.options:
            bounds["expiry"] = int(frame.options["Expiry"]) / 1000
        return bounds

    # Bodies are kept as MessagePack

    def _checked(self, body: Optional[bytes]) -> bytes:
        text = body or b""
        if self._format == "msgpack" and not text.startswith(b"{"):
            _values.unpack(text)
            return text
        return _values.pack(_json.from_json(text))

    def _translated(self, body: bytes) -> bytes:
        return body if self._format == "msgpack" else _looking.printed(_looking.readable(body))


def _milliseconds(text: str, least: int) -> float:
    """Reads the time of an option, up to a day, in seconds."""
    if not text.isdigit() or not least <= int(text) <= 86_400_000:
        raise Refusal("option")
    return int(text) / 1000
