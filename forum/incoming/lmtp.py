"""LMTP (RFC 2033): a mail server hands each mail over and hears of every recipient how it went."""

import asyncio
import logging
import os
import re
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiosmtpd.lmtp import LMTP
from flask import Flask

from forum.incoming import answers, receiving

_MOST_RECIPIENTS = 50
_IDLE_SECONDS = 120.0
_LAST_SECONDS = 10.0
_ANSWER_SECONDS = 5.0


class _Door(LMTP):
    # Mail servers cut lines at 998 octets when they send on; programs that do not are no reason to lose a text.
    line_length_limit = 1_000_000


class _Handler:
    """What is done with each recipient and each mail; the work itself is done beside the loop."""

    def __init__(self, app: Flask, pool: ThreadPoolExecutor) -> None:
        self._app, self._pool = app, pool
        self.under_way: set[asyncio.Future[Any]] = set()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Refuse a made-up address before the mail comes, so that no mail server has to send it back."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients. Send the rest in a mail of its own."
        with self._app.app_context():
            if not answers.knows(address):
                return receiving.NOBODY.reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Return one line for each recipient (RFC 2033, 4.2)."""
        work = asyncio.get_running_loop().run_in_executor(
            self._pool, self._all, bytes(envelope.content), envelope.mail_from or "", list(envelope.rcpt_tos)
        )
        self.under_way.add(work)
        try:
            return "\r\n".join(await work)
        finally:
            self.under_way.discard(work)

    async def handle_exception(self, error: Exception) -> str:
        """A fault of the conversation costs no mail: it is tried again."""
        logging.getLogger("roundtext.mail").warning("LMTP stumbled (%s)", type(error).__name__)
        return "451 4.3.0 The site stumbled. Try again later."

    def _all(self, raw: bytes, sender: str, recipients: list[str]) -> list[str]:
        message = receiving.read(raw, sender)
        return [receiving.receive(self._app, message, recipient).reply for recipient in recipients]


def serve(app: Flask, where: str) -> None:
    """Take mail at `where`, HOST:PORT or the path of a socket, until SIGTERM or Ctrl-C. Raises OSError, ValueError."""
    if "/" not in where:
        _require_place(*where.rpartition(":")[::2])
    asyncio.run(_serve(app, where))


def _require_place(host: str, port: str) -> None:
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError("Give HOST:PORT, or the path of a socket with a / in it.")


async def _serve(app: Flask, where: str) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    with ThreadPoolExecutor(2, thread_name_prefix="lmtp") as pool:
        handler = _Handler(app, pool)

        def door() -> LMTP:
            return _Door(
                handler, data_size_limit=receiving.LARGEST_BYTES, hostname="roundtext", ident="Roundtext",
                enable_SMTPUTF8=True, timeout=_IDLE_SECONDS, loop=loop,
            )  # fmt: skip

        server = await _listen(loop, door, where)
        ours = _file_at(where)
        try:
            await over.wait()
        finally:
            # Before it is closed: as long as it is open, no other socket gets its number.
            if ours is not None and _file_at(where) == ours:
                Path(where).unlink(missing_ok=True)
            server.close()
            if handler.under_way:
                await asyncio.wait(handler.under_way, timeout=_LAST_SECONDS)
                await asyncio.sleep(0)  # let what was done be said


async def _listen(loop: asyncio.AbstractEventLoop, door: Any, where: str) -> asyncio.AbstractServer:
    if "/" not in where:
        host, _, port = where.rpartition(":")
        return await loop.create_server(door, host.strip("[]"), int(port))
    path = Path(where)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        if _answers(where):
            raise ValueError(f"Another process takes mail at {where}. End it first, or give this one another path.")
        path.unlink(missing_ok=True)  # of a process that was killed
    before = os.umask(0o007)
    try:
        return await loop.create_unix_server(door, where)
    finally:
        os.umask(before)


def _answers(where: str) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_ANSWER_SECONDS)
        try:
            line.connect(where)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True


def _file_at(where: str) -> tuple[int, int] | None:
    """Return which file the socket at the path `where` is, or nothing where there is none."""
    try:
        found = os.stat(where) if "/" in where else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found else None
