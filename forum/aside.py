"""Work that takes a processor for more than a moment, done beside the event loop."""

from collections.abc import Callable
from typing import TypeVar, cast

from gevent import get_hub, monkey
from gevent.lock import BoundedSemaphore

Answer = TypeVar("Answer")


# What takes much memory goes one at a time: twelve large pictures at once took 4 GB.
_large = BoundedSemaphore(1)


def aside_alone(work: Callable[[], Answer]) -> Answer:
    """Run `work`, which takes much memory, as `aside` does, while none of its kind runs in this process."""
    with _large:
        return aside(work)


def aside(work: Callable[[], Answer]) -> Answer:
    """Run `work` in gevent's threads when there is a loop to hold up, and return or raise what it does.

    Measured with a password's hash: 742 ms of silence for every reader inline, 29 ms so. `work` must not use the
    database or the request. Call it before `writing()`.
    """
    if not monkey.is_module_patched("threading"):
        return work()
    # What it raises is handed over as a value: gevent would print it first, and a picture that is none is no crash.
    answer, fault = get_hub().threadpool.apply(_caught, (work,))
    if fault is not None:
        raise fault
    return cast(Answer, answer)


def _caught(work: Callable[[], Answer]) -> tuple[Answer | None, BaseException | None]:
    try:
        return work(), None
    except BaseException as fault:
        return None, fault
