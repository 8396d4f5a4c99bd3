"""Where request limits are counted: in this process, or in the Redis that FORUM_LIMITS_URL names.

A store of counters must never be a reason to wait or to refuse. A question that is not answered within `SECONDS` is the
last one for `PAUSE_SECONDS`; until then this process counts for itself, as it does without a Redis.
"""

import logging
import threading
import time
from typing import Any

from limits.storage import Storage, storage_from_string
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger("roundtext")

SCHEME = "patient+"
OWN = "own://"
# Twice this and a little is what the unluckiest request waits: once to connect, once for an answer.
SECONDS = 0.25
PAUSE_SECONDS = 10.0


class OwnCounters(Storage):
    """Counters of this process, forgotten after so many seconds whatever becomes of the clock on the wall.

    The library's own compare wall clocks: set back by an hour, 20 comments a minute became 20 in that hour.
    """

    STORAGE_SCHEME = ["own"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._counts: dict[str, tuple[int, float]] = {}  # how many, and when (monotonic) that is forgotten
        self._sweep_at = 0.0
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What users of a store expect to be raised: nothing is."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more for `key`, which is forgotten `expiry` seconds after its first."""
        with self._lock:
            now = time.monotonic()
            self._sweep(now)
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
            self._counts[key] = (count + amount, until)
            return count + amount

    def get(self, key: str) -> int:
        """Return how many are counted for `key`."""
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """Return the moment, in seconds since 1970 by the clock as it is set now, when `key` is forgotten."""
        _count, until = self._counts.get(key, (0, 0.0))
        return time.time() + max(0.0, until - time.monotonic())

    def check(self) -> bool:
        """Whether counting works; here it always does."""
        return True

    def reset(self) -> int | None:
        """Forget everything that was counted."""
        with self._lock:
            forgotten = len(self._counts)
            self._counts.clear()
            return forgotten

    def clear(self, key: str) -> None:
        """Forget `key`."""
        with self._lock:
            self._counts.pop(key, None)

    def _sweep(self, now: float) -> None:
        """Drop what is over, at most once in PAUSE_SECONDS, so that visitors who are gone cost nothing."""
        if now < self._sweep_at:
            return
        self._sweep_at = now + PAUSE_SECONDS
        for key in [key for key, (_count, until) in self._counts.items() if until <= now]:
            del self._counts[key]


class SharedCounters(Storage):
    """Counters in Redis, with counters of this process behind them. No method raises and none waits long."""

    STORAGE_SCHEME = [f"{SCHEME}{scheme}" for scheme in ("redis", "rediss", "redis+unix")]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        patience: dict[str, Any] = {
            "socket_connect_timeout": SECONDS,
            "socket_timeout": SECONDS,
            # As it comes, the client tries again three times, and so waits four times as long.
            "retry": Retry(NoBackoff(), 0),
            # Any Redis speaks it; the newer protocol would cost a question more for each connection.
            "protocol": 2,
        }
        self._shared = storage_from_string(uri.removeprefix(SCHEME), **patience)
        self._own = OwnCounters()
        self._ask_again_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What users of a store expect to be raised: nothing is."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more for `key`, which is forgotten `expiry` seconds after its first."""
        return int(self._ask("incr", key, expiry, amount=amount))

    def get(self, key: str) -> int:
        """Return how many are counted for `key`."""
        return int(self._ask("get", key))

    def get_expiry(self, key: str) -> float:
        """Return the moment, in seconds since 1970, when `key` is forgotten."""
        return float(self._ask("get_expiry", key))

    def check(self) -> bool:
        """Whether counting works; it always does, here or there."""
        return True

    def reset(self) -> int | None:
        """Forget everything that was counted."""
        self._own.reset()
        return self._ask("reset")  # type: ignore[no-any-return]

    def clear(self, key: str) -> None:
        """Forget `key`."""
        self._ask("clear", key)

    def _ask(self, name: str, *said: Any, **named: Any) -> Any:
        now = time.monotonic()
        if now >= self._ask_again_at:
            away = self._ask_again_at > 0
            if away:  # One request tries; those that come meanwhile do not wait with it.
                self._ask_again_at = now + PAUSE_SECONDS
            try:
                answer = getattr(self._shared, name)(*said, **named)
            except Exception as error:  # whatever it is, the person in front of us has nothing to do with it
                self._ask_again_at = time.monotonic() + PAUSE_SECONDS
                if not away:
                    log.warning(
                        "limits are counted in this process, the shared store is away: %s", type(error).__name__
                    )
            else:
                if away:
                    log.warning("limits are shared again")
                self._ask_again_at = 0.0
                return answer
        return getattr(self._own, name)(*said, **named)
