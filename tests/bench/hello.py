"""The yardstick of the page: the smallest Flask app, served by the same server with the same options."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """Say hello."""
    return "Hello, world!"
