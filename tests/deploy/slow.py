"""An app that takes a while to load, and says when it had."""

import os
import time
from pathlib import Path

time.sleep(0.7)
Path(os.environ["LOADED"]).touch()


def app(environ, start_response):
    """Answer anything."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
