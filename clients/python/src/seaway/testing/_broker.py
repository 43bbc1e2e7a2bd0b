"""A broker in this process, with a manual clock: protocol/PROTOCOL.md as far as one process needs it.

It delivers as the real one does, one thing after the other. It has no tokens, no TLS, no ``WATCH`` and no ``TAIL``, and
of the limits only those of channels.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Deque, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .. import _names
from ._bounds import CAPACITY, EXPIRY, Bounds, Rules, matches
from ._channels import Groups, Queue, Reader, Refusal, Shares, Stored, alike
from ._clock import Clock
from ._leases import HOLD, ONCE_WINDOW, RETURN, TRIES, Leases, marks

#: Seconds, as the real broker has it unless it is told otherwise (J3).
GRACE = 60.0


class FakeBroker:
    """Channels, mailboxes and groups in memory.

    - ``clock``: the time; another one unless given.
    - ``capacity``: messages that may wait in a channel (100), or a map of patterns and numbers: ``{"tiny.*": 2}``.
    - ``expiry``: seconds after which a message that nobody took is dropped (60), or a map of patterns and seconds.
    - ``tries``: how often a message is delivered that nobody acknowledges (5), or a map of patterns and numbers.
    - ``hold``, ``return_``: seconds for which one may be held (600), and after which it comes back from a connection
      that has ended (2).
    - ``once_window``: seconds for which a key is known (120).
    - ``grace``: seconds for which the memberships of a mailbox last without its reader (60).
    """

    def __init__(
        self,
        clock: Optional[Clock] = None,
        *,
        capacity: Union[int, Mapping[str, int]] = CAPACITY,
        expiry: Union[float, Mapping[str, float]] = EXPIRY,
        grace: float = GRACE,
        tries: Union[int, Mapping[str, int]] = TRIES,
        hold: float = HOLD,
        return_: float = RETURN,
        once_window: float = ONCE_WINDOW,
    ):
        self.clock = clock or Clock()
        self.epoch = "fake"
        #: Held by whoever speaks to it, since functions may have threads of their own.
        self.lock = threading.RLock()
        self.groups = Groups()
        #: Messages that were dropped since nobody took them in time.
        self.expired = 0
        self._bounds = Bounds(capacity, expiry)
        self.leases = Leases(self.clock, self._restore, tries, hold, return_, once_window)
        self._grace = grace
        self._queues: Dict[str, Queue] = {}
        self._readers: Dict[str, Deque[Reader]] = {}
        #: Channels that were closed, and until when that is remembered.
        self._closed: Dict[str, float] = {}
        #: Mailboxes and pinned channels without a reader, and until when their memberships last.
        self._orphans: Dict[str, float] = {}
        self.clock.watchers.append(self.look)

    # Sending

    def send(
        self,
        channel: str,
        body: bytes,
        *,
        here: bool = False,
        capacity: Optional[Rules] = None,
        expiry: Optional[float] = None,
        delay: float = 0.0,
    ) -> None:
        """Hands a message out or keeps it; raises ``Refusal``."""
        self.look()
        if channel in self._closed:
            raise Refusal("gone")
        if here and self._reader(channel)[1] is None:
            raise Refusal("away")
        taker = self._taker(channel)
        if taker is not None and not self._has(channel) and not delay:
            self._hand_out(taker, [channel], Stored(body, None, self._expires_at(channel, expiry)))
            return
        why = self._lacks_room(channel, body, capacity)
        if why:
            raise Refusal("full", why)
        one = Stored(body, None, self._expires_at(channel, expiry) + delay)
        if delay:
            self.leases.later(channel, one, self.clock.now + delay)
        else:
            self._store(channel, one)

    def send_group(
        self,
        group: str,
        body: bytes,
        *,
        without: Optional[str] = None,
        capacity: Optional[Rules] = None,
        expiry: Optional[float] = None,
    ) -> Tuple[int, int, int]:
        """Sends to every member that has room; returns how many got it, had no room, and were found ended."""
        self.look()
        sent = full = 0
        shares = Shares(group)
        stored: Dict[float, Stored] = {}
        later: List[str] = []
        for channel in self.groups.members(group):
            if channel == without:
                continue
            name, reader = self._reader(channel)
            is_free = not self._has(channel) and not self.is_paused(channel)
            if reader is not None and reader.acks(channel):
                later.append(channel)
                is_free = False
            if not (is_free and reader is not None and self._share(shares, name, channel)):
                if self._lacks_room(channel, body, capacity):
                    full += 1
                    continue
                until = self._expires_at(channel, expiry)
                # The same one in each channel, so that it is known for one message when it is handed out.
                self._store(channel, stored.setdefault(until, Stored(body, group, until)))
            sent += 1
        shares.hand_over(group, body)
        for channel in later:
            self.give_one(channel)
        return sent, full, 0

    # Reading

    def listen(self, reader: Reader, name: str) -> Optional[bool]:
        """Lets somebody read; of a mailbox, whether what it held is still there."""
        self.look()
        readers = self._readers.setdefault(name, deque())
        if reader in readers:
            return None if _names.form(name) == "normal" else True
        if _names.form(name) == "normal":
            readers.append(reader)
            return None
        kept = bool(readers) or name in self._orphans
        self._orphans.pop(name, None)
        for former in list(readers):
            readers.remove(former)
            self._resume_all(name)
            former.lost(name)
        readers.append(reader)
        return kept if name.endswith("!") else None

    def unlisten(self, reader: Reader, name: str) -> None:
        """Ends reading; of a mailbox, with all that it holds (L6)."""
        if self._end_reading(reader, name) and name.endswith("!"):
            for channel in [channel for channel in self._queues if channel.startswith(name)]:
                if not self._readers.get(channel):
                    del self._queues[channel]
            for channel in self.groups.under(name):
                self._leave_all(channel)

    def broke(self, reader: Reader, name: str) -> None:
        """A reader's connection has ended: what its mailbox holds stays for a while (J3, D7)."""
        if self._end_reading(reader, name) and _names.form(name) != "normal":
            self._orphans[name] = self.clock.now + self._grace
            self._resume_all(name)

    def give_one(self, name: str) -> bool:
        """Hands out one message of what is listened on by a name; false when there is none that can be taken."""
        self.look()
        for channel in [channel for channel in self._queues if channel == name or _names.mailbox(channel) == name]:
            taker = self._taker(channel) if self._has(channel) else None
            if taker is None:
                continue
            one = self._queues[channel].messages[0]
            others = alike(self._queues, one, channel) if one.group else ()
            channels = [channel, *(other for other in others if self._reader(other)[0] == taker[0])]
            for each in channels:
                self._queues[each].messages.popleft()
                # The other channels of a mailbox come first the next time (D3).
                self._queues[each] = self._queues.pop(each)
                self._forget(each)
            self._hand_out(taker, channels, one)
            return True
        return False

    def _hand_out(self, taker: Tuple[str, Reader], channels: Sequence[str], one: Stored) -> None:
        name, reader = taker
        is_leased = reader.acks(channels[0])
        if is_leased:
            one = self.leases.lease(reader, channels[0], one)
        reader.take(name, channels, one.group, one.body, marks(one, self.clock.now, is_leased))

    def _restore(self, channel: str, messages: List[Stored]) -> None:
        """Puts messages that were delivered before everything else in a channel, and others behind it."""
        queue = self._queues.setdefault(channel, Queue())
        queue.messages.extendleft(reversed([one for one in messages if one.id]))
        if channel not in self._closed:
            queue.messages.extend(one for one in messages if not one.id)
        while self.give_one(channel if channel in self._readers else _names.mailbox(channel)):
            pass
        self._forget(channel)

    def ack(self, channel: str, ids: List[str]) -> None:
        """Messages are done, whoever has them now."""
        self.leases.ack(channel, ids)
        queue = self._queues.get(channel)
        if queue is not None:
            queue.messages = deque(one for one in queue.messages if not one.id or one.id not in ids)
            self._forget(channel)

    # Channels

    def pause(self, reader: Optional[Reader], channel: str) -> None:
        """Holds a channel back (P1)."""
        self._check_reader(reader, channel)
        self._queues.setdefault(channel, Queue()).is_paused = True

    def resume(self, reader: Optional[Reader], channel: str) -> None:
        """Ends ``pause``."""
        self._check_reader(reader, channel)
        if channel in self._queues:
            self._queues[channel].is_paused = False
            while self._has(channel) and self.give_one(
                channel if channel in self._readers else _names.mailbox(channel)
            ):
                pass
            self._forget(channel)

    def close(self, reader: Optional[Reader], channels: Sequence[str]) -> None:
        """The channels are over (C1)."""
        for channel in channels:
            self._check_reader(reader, channel)
        for channel in channels:
            self._queues.pop(channel, None)
            for group in self.groups.of(channel):
                self.groups.leave(group, channel)
            self._closed[channel] = self.clock.now + self._bounds.expiry(channel)

    def messages(self, channel: str) -> List[Stored]:
        """What waits in a channel, oldest first."""
        self.look()
        queue = self._queues.get(channel)
        return [] if queue is None else list(queue.messages)

    def readers(self, channel: str) -> int:
        """How many listen there."""
        _, reader = self._reader(channel)
        return len(self._readers.get(channel, ())) or int(reader is not None)

    def is_paused(self, channel: str) -> bool:
        """Whether its reader holds it back."""
        return channel in self._queues and self._queues[channel].is_paused

    @property
    def channels(self) -> List[str]:
        """Those in which messages wait."""
        self.look()
        return [channel for channel, queue in self._queues.items() if queue.messages]

    def flush(self, pattern: Optional[str]) -> Tuple[int, int]:
        """Drops messages and memberships; returns how many of each."""
        messages = memberships = 0
        for channel in [channel for channel in self.channels if matches(pattern, channel)]:
            messages += len(self._queues[channel].messages)
            self._queues[channel].messages.clear()
            self._forget(channel)
        for group in [group for group in self.groups.names if matches(pattern, group)]:
            members = self.groups.members(group)
            self.leave(group, members)
            memberships += len(members)
        return messages, memberships

    # Groups

    def join(self, group: str, channels: Sequence[str]) -> None:
        """Makes channels members; all or none."""
        self.look()
        for channel in channels:
            if channel in self._closed:
                raise Refusal("gone")
        new = [channel for channel in channels if self.groups.join(group, channel)]
        self._tell("JOINED", group, new)
        for channel in channels:
            if self._reader(channel)[1] is None and _names.form(channel) != "normal":
                self._orphans.setdefault(_names.mailbox(channel) or channel, self.clock.now + self._grace)

    def leave(self, group: str, channels: Sequence[str]) -> None:
        """Ends memberships."""
        self._tell("LEFT", group, [channel for channel in channels if self.groups.leave(group, channel)])

    def _tell(self, verb: str, group: str, channels: Sequence[str]) -> None:
        told: Dict[Reader, List[str]] = {}
        for channel in channels:
            _, reader = self._reader(channel)
            if reader is not None:
                told.setdefault(reader, []).append(channel)
        for reader, share in told.items():
            reader.told(verb, group, share)

    # Time

    def look(self) -> None:
        """Does what is due by now."""
        now = self.clock.now
        self.leases.look()
        for channel in list(self._queues):
            self.expired += self._queues[channel].drop_expired(now)
            self._forget(channel)
        self._closed = {channel: until for channel, until in self._closed.items() if until > now}
        for name in [name for name, until in self._orphans.items() if until <= now]:
            del self._orphans[name]
            for channel in self.groups.under(name) if name.endswith("!") else [name]:
                self._leave_all(channel)

    # Parts

    def _reader(self, channel: str) -> Tuple[str, Optional[Reader]]:
        for name in (channel, _names.mailbox(channel)):
            readers = self._readers.get(name)
            if readers:
                return name, readers[0]
        return channel, None

    def _taker(self, channel: str) -> Optional[Tuple[str, Reader]]:
        """Who can take a message now, who was served last coming last (D2)."""
        if self.is_paused(channel):
            return None
        name, _ = self._reader(channel)
        readers = self._readers.get(name, deque())
        for reader in list(readers):
            if reader.credit(name) > 0:
                readers.remove(reader)
                readers.append(reader)
                return name, reader
        return None

    def _share(self, shares: Shares, name: str, channel: str) -> bool:
        readers = self._readers[name]
        for reader in list(readers):
            if shares.add(reader, name, channel):
                readers.remove(reader)
                readers.append(reader)
                return True
        return False

    def _has(self, channel: str) -> bool:
        queue = self._queues.get(channel)
        return queue is not None and bool(queue.messages)

    def _lacks_room(self, channel: str, body: bytes, capacity: Optional[Rules]) -> str:
        why = self._bounds.lacks_room(channel, self._taking_room(channel), len(body), capacity)
        mailbox = _names.mailbox(channel)
        most = self._bounds.most_in_mailbox(mailbox, capacity) if mailbox else None
        if why or most is None:
            return why
        waiting = sum(len(queue.messages) for name, queue in self._queues.items() if name.startswith(mailbox))
        return "by=mailbox" if waiting and waiting >= most else ""

    def _taking_room(self, channel: str) -> Queue:
        """What is for later takes room too (S11), and what was delivered before takes none (D9)."""
        waiting = self._queues.get(channel, Queue()).messages
        return Queue([*(one for one in waiting if not one.id), *self.leases.delayed(channel)])

    def _store(self, channel: str, message: Stored) -> None:
        self._queues.setdefault(channel, Queue()).messages.append(message)

    def _expires_at(self, channel: str, expiry: Optional[float]) -> float:
        return self.clock.now + (self._bounds.expiry(channel) if expiry is None else expiry)

    def _forget(self, channel: str) -> None:
        queue = self._queues.get(channel)
        if queue is not None and not queue.messages and not queue.is_paused:
            del self._queues[channel]

    def _end_reading(self, reader: Reader, name: str) -> bool:
        readers = self._readers.get(name)
        if readers is None or reader not in readers:
            return False
        readers.remove(reader)
        if not readers:
            del self._readers[name]
        return True

    def _resume_all(self, name: str) -> None:
        for channel, queue in self._queues.items():
            if channel == name or _names.mailbox(channel) == name:
                queue.is_paused = False

    def _leave_all(self, channel: str) -> None:
        for group in self.groups.of(channel):
            self.groups.leave(group, channel)

    def _check_reader(self, reader: Optional[Reader], channel: str) -> None:
        if _names.form(channel) == "normal":
            raise Refusal("name")
        if reader is not None and self._reader(channel)[1] is not reader:
            raise Refusal("reader")
