"""A yardstick of the trade: Flask-SocketIO as it comes, which lets readers into a room and sends there what is posted.

It keeps nothing, knows nobody and renders nothing: what any such site does at least. All that ours does beyond it (the
log, rights, what somebody has missed, presence) stands in our figures and not in these.
"""

import os
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room

_ROOM = "readers"
_FRAME_BYTES = int(os.environ.get("FRAME_BYTES", "2400"))

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent")


@socketio.on("join")
def join(wanted: dict[str, Any]) -> dict[str, Any]:
    """Let a reader in."""
    join_room(_ROOM)
    return {"discussion": wanted["discussion"], "epoch": "", "seq": 0, "reload": False, "events": []}


@app.post("/d/<slug>/comments")
def post(slug: str) -> tuple[dict[str, str], int]:
    """Send a text on, filled up to the size of one of our frames."""
    emit("event", {"html": request.form["body"].ljust(_FRAME_BYTES)}, to=_ROOM, namespace="/")
    return {"discussion": slug}, 201
