"""An application of FastAPI, as its documentation has them."""

from typing import Annotated, AsyncIterator, Dict

from fastapi import BackgroundTasks, Depends, FastAPI, File, Form, HTTPException, Query, UploadFile, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from support.saying import say

app = FastAPI(title="A shop")


class Item(BaseModel):
    """What is sold."""

    name: str
    price: float
    tags: list[str] = []


def connection() -> str:
    return "a connection"


def note(text: str) -> None:
    say("noted:", text)


@app.get("/items/{item_id}")
def read_item(item_id: int, q: Annotated[str, Query(max_length=10)] = "") -> Dict[str, object]:
    if item_id == 404:
        raise HTTPException(404, "no such item")
    return {"item_id": item_id, "q": q}


@app.post("/items", status_code=201)
async def make_item(item: Item, tasks: BackgroundTasks, database: Annotated[str, Depends(connection)]) -> Item:
    tasks.add_task(note, f"{item.name} over {database}")
    return item


@app.post("/upload")
async def upload(file: Annotated[UploadFile, File()], title: Annotated[str, Form()]) -> Dict[str, object]:
    return {"size": len(await file.read()), "name": file.filename, "title": title}


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536

    return StreamingResponse(pieces(), media_type="application/octet-stream")


@app.websocket("/ws/{item_id}")
async def socket(websocket: WebSocket, item_id: int, token: str = "") -> None:
    await websocket.accept()
    await websocket.send_text(f"item {item_id}, token {token}")
    while True:
        await websocket.send_bytes(await websocket.receive_bytes())
