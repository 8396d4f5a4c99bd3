"""One process at a time serves an SQLite file: a second one would push nothing to the first one's readers."""

import fcntl
import os
import time
from pathlib import Path

from forum.config import Settings

# Longer than a server takes to end: whoever starts the next one right after SIGTERM, or a kill, is not refused.
PATIENCE_SECONDS = 15.0
_LOOK_SECONDS = 0.1


class Taken(Exception):
    """Somebody else holds the file."""


def hold(settings: Settings, patience_seconds: float) -> int:
    """Hold the SQLite file until the descriptor that is returned is closed; programs that are started inherit it.

    The system lets go when the last process with it ends, however that ends. Waits `patience_seconds` for whoever holds
    it; raises Taken. A file system that knows no locks is taken for free.
    """
    settings.make_data_dir()
    held = os.open(_lock(settings), os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(held, True)
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(held)
                raise Taken from None
            time.sleep(_LOOK_SECONDS)
        except OSError:
            return held
        else:
            return held


def is_held(settings: Settings) -> bool:
    """Whether somebody serves the SQLite file now. Makes nothing. Raises OSError where it may not be looked at."""
    if not settings.is_sqlite or not _lock(settings).exists():
        return False
    held = os.open(_lock(settings), os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system that knows no locks
        return False
    finally:
        os.close(held)
    return False


def _lock(settings: Settings) -> Path:
    return settings.sqlite_file.with_name(f"{settings.sqlite_file.name}.lock")
