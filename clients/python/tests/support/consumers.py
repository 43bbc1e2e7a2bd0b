"""Consumers of both halves that do the same."""

from __future__ import annotations

from typing import Any, ClassVar, Mapping, Type, Union

import seaway
from seaway import aio

worker = seaway.Worker()
async_worker = aio.Worker()


@worker.consumer("/chat/{room}")
class Chat(seaway.WebSocketConsumer):
    groups = ("chat.{room}", "everybody")

    def connect(self) -> None:
        if self.parameters["room"] == "closed":
            self.reject(401, content="log in")

    def receive(self, content: Union[str, bytes]) -> None:
        if content == "fail":
            raise RuntimeError("failed as told")
        if content == "close":
            self.close(4000, "enough")
        else:
            self.send_group(f"chat.{self.parameters['room']}", content, to_itself=content != "others")

    def disconnect(self, code: int, reason: str) -> None:
        seaway.Channel("ended").send({"code": code, "reason": reason})


@worker.consumer("/count", sticky=True)
class Count(seaway.JsonWebSocketConsumer):
    def connect(self) -> None:
        self.session["said"] = 0
        self.accept(greeting="welcome")

    def receive_json(self, value: Any) -> None:
        self.session["said"] += 1
        self.send_json([value, self.session["said"]])

    def disconnect(self, code: int, reason: str) -> None:
        seaway.Channel("ended").send({"said": self.session["said"]})


@worker.consumer("/stateless")
class Stateless(seaway.WebSocketConsumer):
    def receive(self, content: Union[str, bytes]) -> None:
        self.session["said"] = content


class Likes(seaway.JsonWebSocketConsumer):
    groups = ("likes",)

    def receive_json(self, value: Any) -> None:
        self.session["likes"] = self.session.get("likes", 0) + 1
        self.send_json_group("likes", {"likes": self.session["likes"]})

    def disconnect(self, code: int, reason: str) -> None:
        raise RuntimeError("failed as told")


class Notes(seaway.JsonWebSocketConsumer):
    def connect(self) -> None:
        self.send_json("ready")

    def receive_json(self, value: Any) -> None:
        self.send_json({"note": value, "session": self.session})

    def disconnect(self, code: int, reason: str) -> None:
        seaway.Channel("ended").send({"stream": self.stream})


@worker.consumer("/feed/{who}", sticky=True)
class Feed(seaway.WebSocketDemultiplexer):
    groups = ("feed",)
    streams: ClassVar[Mapping[str, Type[seaway.JsonWebSocketConsumer]]] = {"likes": Likes, "notes": Notes}

    def connect(self) -> None:
        if self.parameters["who"] == "nobody":
            self.reject()


@async_worker.consumer("/chat/{room}")
class AsyncChat(aio.WebSocketConsumer):
    groups = Chat.groups

    async def connect(self) -> None:
        if self.parameters["room"] == "closed":
            await self.reject(401, content="log in")

    async def receive(self, content: Union[str, bytes]) -> None:
        if content == "fail":
            raise RuntimeError("failed as told")
        if content == "close":
            await self.close(4000, "enough")
        else:
            await self.send_group(f"chat.{self.parameters['room']}", content, to_itself=content != "others")

    async def disconnect(self, code: int, reason: str) -> None:
        await aio.Channel("ended").send({"code": code, "reason": reason})


@async_worker.consumer("/count", sticky=True)
class AsyncCount(aio.JsonWebSocketConsumer):
    async def connect(self) -> None:
        self.session["said"] = 0
        await self.accept(greeting="welcome")

    async def receive_json(self, value: Any) -> None:
        self.session["said"] += 1
        await self.send_json([value, self.session["said"]])

    async def disconnect(self, code: int, reason: str) -> None:
        await aio.Channel("ended").send({"said": self.session["said"]})


@async_worker.consumer("/stateless")
class AsyncStateless(aio.WebSocketConsumer):
    async def receive(self, content: Union[str, bytes]) -> None:
        self.session["said"] = content


class AsyncLikes(aio.JsonWebSocketConsumer):
    groups = Likes.groups

    async def receive_json(self, value: Any) -> None:
        self.session["likes"] = self.session.get("likes", 0) + 1
        await self.send_json_group("likes", {"likes": self.session["likes"]})

    async def disconnect(self, code: int, reason: str) -> None:
        raise RuntimeError("failed as told")


class AsyncNotes(aio.JsonWebSocketConsumer):
    async def connect(self) -> None:
        await self.send_json("ready")

    async def receive_json(self, value: Any) -> None:
        await self.send_json({"note": value, "session": self.session})

    async def disconnect(self, code: int, reason: str) -> None:
        await aio.Channel("ended").send({"stream": self.stream})


@async_worker.consumer("/feed/{who}", sticky=True)
class AsyncFeed(aio.WebSocketDemultiplexer):
    groups = ("feed",)
    streams: ClassVar[Mapping[str, Type[aio.JsonWebSocketConsumer]]] = {"likes": AsyncLikes, "notes": AsyncNotes}

    async def connect(self) -> None:
        if self.parameters["who"] == "nobody":
            await self.reject()


def sticky() -> seaway.Worker:
    """Returns another worker for the sockets that stay in its process."""
    other = seaway.Worker()
    other.consumer("/count", sticky=True)(Count)
    other.consumer("/feed/{who}", sticky=True)(Feed)
    return other


def async_sticky() -> aio.Worker:
    """Returns the same for asyncio."""
    other = aio.Worker()
    other.consumer("/count", sticky=True)(AsyncCount)
    other.consumer("/feed/{who}", sticky=True)(AsyncFeed)
    return other
