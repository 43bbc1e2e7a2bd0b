"""A Flask application as anybody writes it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request, session

application: Any = Flask(__name__)
application.secret_key = "for tests"


def form() -> str:
    """A form with a file, and a session."""
    session["title"] = request.form["title"]
    return f"{request.form['title']} {len(request.files['file'].read())} {request.remote_addr}"


def title() -> str:
    """What the session holds."""
    return str(session["title"])


def numbers() -> Response:
    """A stream."""
    return Response((f"{number}\n" for number in range(3)), mimetype="text/plain")


application.post("/form")(form)
application.get("/title")(title)
application.get("/numbers")(numbers)
