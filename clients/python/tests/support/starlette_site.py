"""An application of Starlette, as its documentation has them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any, AsyncIterator, Dict

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from support.saying import say


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[Dict[str, Any]]:
    say("opened")
    yield {"database": "open"}
    say("closed")


async def home(request: Request) -> Response:
    assert request.client is not None
    return JSONResponse({"database": request.state.database, "url": str(request.url), "client": request.client.host})


async def upload(request: Request) -> Response:
    async with request.form() as form:
        file = form["file"]
        assert isinstance(file, UploadFile)
        content = await file.read()
        return JSONResponse({"name": file.filename, "size": len(content), "title": form["title"]})


async def count(request: Request) -> Response:
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return PlainTextResponse(str(size))


async def stream(request: Request) -> Response:
    async def numbers() -> AsyncIterator[str]:
        for number in range(100):
            yield f"{number}\n"
            await asyncio.sleep(0)

    return StreamingResponse(numbers(), media_type="text/plain")


async def endless(request: Request) -> Response:
    async def numbers() -> AsyncIterator[str]:
        try:
            while True:
                yield "on and on\n"
                await asyncio.sleep(0.01)
        finally:
            say("the stream has ended")

    return StreamingResponse(numbers(), media_type="text/plain")


async def background(request: Request) -> Response:
    def work(what: str) -> None:
        say("done in the background:", what)

    return PlainTextResponse("soon", background=BackgroundTask(work, "mail"))


async def fails(request: Request) -> Response:
    raise RuntimeError("a view fails")


async def itself(request: Request) -> Response:
    return FileResponse(__file__)


async def chat(socket: WebSocket) -> None:
    await socket.accept(subprotocol="chat" if "chat" in socket.scope["subprotocols"] else None)
    try:
        while True:
            await socket.send_json({"you said": await socket.receive_text(), "database": socket.state.database})
    except WebSocketDisconnect as left:
        say("left with", left.code, left.reason)


async def private(socket: WebSocket) -> None:
    await socket.send_denial_response(PlainTextResponse("members only", status_code=401))


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/", home),
        Route("/upload", upload, methods=["POST"]),
        Route("/count", count, methods=["PUT"]),
        Route("/stream", stream),
        Route("/endless", endless),
        Route("/background", background),
        Route("/fails", fails),
        Route("/itself", itself),
        Mount("/static", StaticFiles(directory=os.path.dirname(__file__))),
        WebSocketRoute("/chat", chat),
        WebSocketRoute("/private", private),
    ],
)
