"""What an interface server says to workers, and hears from them: protocol/INTERFACE.md."""

from __future__ import annotations

from typing import Any, Dict, List

import seaway

from .broker import PATIENCE


class Server:
    """Asks requests over the broker and collects their answers."""

    def __init__(self, address: str, mailbox: str = "http.response.test!", *others: str):
        self.layer = seaway.Layer(hosts=address.split(","), patience=PATIENCE)
        self._mailbox = mailbox
        self._asked = 0
        self._came: Dict[str, List[seaway.Message]] = {}
        #: Where the workers that have a request want to hear of its end, by its reply channel (I27).
        self.disconnects: Dict[str, str] = {}
        self.listening = self.layer.listen(mailbox, *others, credit=64)

    def kill(self) -> None:
        """Leaves the broker."""
        self.layer.quit()

    def ask(self, path: str, method: str = "GET", query: str = "", channel: str = "http.request", **fields: Any) -> str:
        """Sends a request; returns its reply channel."""
        self._asked += 1
        reply_channel = f"{self._mailbox}{self._asked}"
        request = {"reply_channel": reply_channel, "method": method, "path": path, "query_string": query.encode()}
        self.layer.send(channel, {**request, **fields})
        return reply_channel

    def next(self, reply_channel: str) -> seaway.Message:
        """The next message of an answer."""
        while not self._came.get(reply_channel):
            message = self.listening.receive(PATIENCE)
            assert message is not None, f"no answer on {reply_channel}"
            if list(message) == ["disconnect_channel"]:
                self.disconnects[message.channel] = message["disconnect_channel"]
                continue
            self._came.setdefault(message.channel, []).append(message)
        return self._came[reply_channel].pop(0)

    def came(self, reply_channel: str) -> int:
        """How many messages have come there and were not looked at."""
        return len(self._came.get(reply_channel, []))

    def answer(self, reply_channel: str) -> List[seaway.Message]:
        """All messages of an answer."""
        messages = [self.next(reply_channel)]
        while messages[-1].get("more_content"):
            messages.append(self.next(reply_channel))
        return messages

    def whole(self, path: str, method: str = "GET", **fields: Any) -> seaway.Message:
        """An answer in one message."""
        (message,) = self.answer(self.ask(path, method, **fields))
        return message
