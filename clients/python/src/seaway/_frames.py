"""Frames of the wire: protocol/PROTOCOL.md, section 1. Touches no socket, clock or thread."""

import re
from typing import Dict, List, Optional, Tuple, Union

_Bytes = Union[bytes, bytearray]

_BY_HAND = re.compile(rb"[!-~]+ :- ")
_SIZE = re.compile("0|[1-9][0-9]*")
_OPTION = re.compile("([A-Za-z][A-Za-z0-9-]*)=(.+)")

MOST_OPTIONS = 16


class Frame:
    """One frame: a verb, its arguments and options, and a body if it has one.

    ``text`` is what stands behind the options of an ``ERR`` or ``BYE`` (A3). ``refused`` is the code with which a frame
    is refused by its form alone; such a frame has a verb and nothing else.
    """

    __slots__ = ("args", "body", "options", "refused", "text", "verb")

    def __init__(
        self,
        verb: str,
        args: Optional[List[str]] = None,
        options: Optional[Dict[str, str]] = None,
        body: Optional[bytes] = None,
        text: Optional[str] = None,
        refused: Optional[str] = None,
    ):
        self.verb = verb
        self.args: List[str] = [] if args is None else args
        self.options: Dict[str, str] = {} if options is None else options
        self.body = body
        self.text = text
        self.refused = refused

    def __repr__(self) -> str:
        body = "" if self.body is None else f" body={len(self.body)} bytes"
        return f"<Frame {self.verb} {' '.join(self.args)}{body}>"


_OK = Frame("OK")


class _StreamEnd(Exception):
    """The place of the next frame is unknown; the reason is that of the ``BYE``."""


class FrameParser:
    """Cuts a stream of bytes into frames, however it was cut on the way (F12).

    A body over ``max_body`` bytes is thrown away as it comes and its frame marked ``refused``; one over ``max_skipped``
    ends the stream. So no peer can make the parser hold more than ``max_body`` and a line.
    """

    def __init__(self, max_body: int = 2_097_152, max_line: int = 4_096, max_skipped: int = 67_108_864):
        #: How the stream has ended: ``line`` or ``limit``; nothing behind that is looked at.
        self.end: Optional[str] = None
        self._max_body = max_body
        self._max_line = max_line
        self._max_skipped = max_skipped
        self._kept = bytearray()
        self._looked_at = 0
        self._head: Optional[Tuple[Frame, int]] = None
        self._skipped: Optional[Frame] = None
        self._to_skip = 0

    @property
    def rest(self) -> bool:
        """Whether a frame has begun and its end is missing."""
        unfinished = bool(self._kept) or self._head is not None or self._skipped is not None
        return self.end is None and unfinished

    def feed(self, data: bytes) -> List[Frame]:
        """Takes the next bytes of the stream and returns the frames that are complete with them, oldest first."""
        if self.end is not None:
            return []
        buffer: _Bytes = data
        if self._kept:
            self._kept += data
            buffer = self._kept
        frames: List[Frame] = []
        position = 0
        try:
            while position < len(buffer):
                step = self._step(buffer, position, frames)
                if step == 0:
                    break
                position += step
        except _StreamEnd as end:
            self.end = str(end)
            self._kept = bytearray()
            return frames
        if buffer is self._kept:
            del self._kept[:position]
        else:
            self._kept += memoryview(buffer)[position:]
        return frames

    def _step(self, buffer: _Bytes, start: int, frames: List[Frame]) -> int:
        """Returns how many bytes are done with; none when more are needed."""
        if self._skipped is not None:
            return self._skip(buffer, start, frames)
        if self._head is not None:
            return self._finish_body(buffer, start, frames)
        if buffer.startswith(b"OK\n", start):
            # Half of what a worker hears, and nobody changes it.
            frames.append(_OK)
            self._looked_at = 0
            return 3
        end = buffer.find(b"\n", start + self._looked_at)
        # What comes most often has its size there, which a pattern need not look at.
        if not buffer.startswith(b"MSG :", start) and _BY_HAND.match(buffer, start) is not None:
            return self._by_hand(buffer, start, end, frames)
        if end < 0:
            if len(buffer) - start > self._max_line:
                raise _StreamEnd("line")
            self._looked_at = len(buffer) - start
            return 0
        self._looked_at = 0
        if end - start > self._max_line:
            raise _StreamEnd("line")
        stop = end - 1 if end > start and buffer[end - 1] == 13 else end
        frame, size = _frame_of_line(buffer[start:stop])
        if size is None:
            frames.append(frame)
        elif size > self._max_skipped:
            raise _StreamEnd("limit")
        elif size > self._max_body:
            self._skipped = Frame(frame.verb, refused="size")
            self._to_skip = size
        else:
            body = end + 1
            if len(buffer) > body + size:
                _put_body(frame, buffer, body, size)
                frames.append(frame)
                return body + size + 1 - start
            self._head = (frame, size)
        return end + 1 - start

    def _finish_body(self, buffer: _Bytes, start: int, frames: List[Frame]) -> int:
        assert self._head is not None
        frame, size = self._head
        if len(buffer) - start <= size:
            return 0
        _put_body(frame, buffer, start, size)
        frames.append(frame)
        self._head = None
        return size + 1

    def _by_hand(self, buffer: _Bytes, start: int, end: int, frames: List[Frame]) -> int:
        """A line whose body stands in it (F7)."""
        space = buffer.find(b" {", start, end if end >= 0 else len(buffer))
        if space < 0 or space - start > self._max_line:
            length = (end if end >= 0 else len(buffer)) - start
            # One byte more may be the space in front of the body, which is not of the line.
            waits = end < 0 and space < 0 and length == self._max_line + 1 and buffer[start + length - 1] == 32
            if length > self._max_line and not waits:
                raise _StreamEnd("line")
            if end < 0:
                return 0
            stop = end - 1 if buffer[end - 1] == 13 else end
            frame, _ = _frame_of_line(buffer[start:stop])
            frames.append(Frame(frame.verb, refused=frame.refused or "payload"))
            self._looked_at = 0
            return end + 1 - start
        body = space + 1
        stop = end if end >= 0 else len(buffer)
        if end >= 0 and buffer[end - 1] == 13:
            stop -= 1
        # What has not ended may still lose a CR at its end.
        if stop - body > self._max_body + (1 if end < 0 else 0):
            frame, _ = _frame_of_line(buffer[start:space])
            self._skipped = Frame(frame.verb, refused="size")
            self._to_skip = -1
            self._looked_at = 0
            return body - start
        if end < 0:
            self._looked_at = len(buffer) - start
            return 0
        frame, _ = _frame_of_line(buffer[start:space])
        if frame.refused is None:
            frame.body = bytes(buffer[body:stop])
        frames.append(frame)
        self._looked_at = 0
        return end + 1 - start

    def _skip(self, buffer: _Bytes, start: int, frames: List[Frame]) -> int:
        """Throws a body away: of a known size, or (``_to_skip`` below 0, counting down) up to the end of its line."""
        assert self._skipped is not None
        here = len(buffer) - start
        if self._to_skip < 0:
            end = buffer.find(b"\n", start)
            self._to_skip -= here if end < 0 else end - start
            if -1 - self._to_skip > self._max_skipped:
                raise _StreamEnd("limit")
            if end < 0:
                return here
            step = end + 1 - start
        elif self._to_skip > 0:
            step = min(here, self._to_skip)
            self._to_skip -= step
            return step
        else:
            if buffer[start] != 10:
                raise _StreamEnd("line")
            step = 1
        frames.append(self._skipped)
        self._skipped = None
        return step


def _put_body(frame: Frame, buffer: _Bytes, start: int, size: int) -> None:
    if buffer[start + size] != 10:
        raise _StreamEnd("line")
    if frame.refused is not None:
        return
    if isinstance(buffer, bytes):
        frame.body = buffer[start : start + size]
    else:
        # A slice would be a copy of its own. The views end here, since what has some cannot be cut.
        with memoryview(buffer) as whole, whole[start : start + size] as body:
            frame.body = bytes(body)


def _frame_of_line(line: _Bytes) -> Tuple[Frame, Optional[int]]:
    """Returns the frame that a line without its end announces, and the size of the body that follows."""
    try:
        text = line.decode("ascii")
    except UnicodeDecodeError:
        raise _StreamEnd("line") from None
    words = text.split(" ")
    if not text.isprintable() or "" in words:
        raise _StreamEnd("line")
    verb = words[0]
    size: Optional[int] = None
    first = 1
    by_hand = False
    if len(words) > 1 and words[1][0] == ":":
        first = 2
        by_hand = words[1] == ":-"
        if not by_hand:
            size = _size(words[1][1:])
    if verb in ("ERR", "BYE"):
        frame = _frame_with_text(verb, words[first:])
    elif "=" in text:
        # A message to a group names up to a hundred channels in front of its one option.
        option = max(first, text.count(" ", 0, text.index("=")))
        frame = _frame_with_options(verb, words[first:option], words[option:])
    else:
        frame = Frame(verb, words[first:])
    return frame, size


def _size(text: str) -> int:
    if _SIZE.fullmatch(text) is None:
        raise _StreamEnd("line")
    # No number of digits may cost time; whatever has more than ten is over every limit.
    return int(text[:11])


def _frame_with_options(verb: str, args: List[str], words: List[str]) -> Frame:
    """``args``: words that are known to be no options, in front of the others."""
    options: Dict[str, str] = {}
    refused: Optional[str] = None
    for word in words:
        key, mark, value = word.partition("=")
        if not mark:
            if options or refused is not None:
                refused = "args"
                break
            args.append(word)
        elif key in options or len(options) == MOST_OPTIONS or not _is_option(key, value):
            refused = "option"
        else:
            options[key] = value
    return Frame(verb, args, options) if refused is None else Frame(verb, refused=refused)


def _is_option(key: str, value: str) -> bool:
    """Nearly every key is letters alone, which a line of ASCII tells without a pattern."""
    return value != "" and (key.isalpha() or _OPTION.fullmatch(f"{key}={value}") is not None)


def _frame_with_text(verb: str, words: List[str]) -> Frame:
    """An ``ERR`` or a ``BYE``: its word, the options directly behind it, and a text (A3, A5)."""
    options: Dict[str, str] = {}
    position = 1
    for word in words[1:]:
        match = _OPTION.fullmatch(word)
        if match is None:
            break
        options[match[1]] = match[2]
        position += 1
    return Frame(verb, words[:1], options, text=" ".join(words[position:]) or None)
