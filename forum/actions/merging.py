"""Two people who change the same thing at once: what each has changed is kept, and nothing is replaced unseen.

A form carries marks of what its fields said when it was shown, so that what is sent can be compared three ways: what
it was, what it is now, and what this person wants. A form without marks replaces what stands there, as programs do.
"""

import hashlib
from collections.abc import Mapping

from forum.refusals import Stale

_MOST_FIELDS = 40


def marks(said: Mapping[str, str]) -> str:
    """Return short marks of what the fields `said` say, for a hidden field of their form."""
    return _joined({name: _mark(words) for name, words in said.items()})


def untouched(seen: str, now: Mapping[str, str], wanted: Mapping[str, str], *, refills: bool = True) -> frozenset[str]:
    """Return the fields that somebody else has changed and this person has left as they were: they stay as they are.

    `seen` are the marks that came with the form, `now` what stands there, `wanted` what this person sent. Raises Stale
    when both have changed a field, each to something else. A form that comes back as it was sent (not `refills`), and
    not with what stands in the fields that it has left alone, keeps its marks of those.
    """
    shown = dict(part.partition(".")[::2] for part in seen.split(" ", _MOST_FIELDS))
    stay, clash = set(), {}
    for name, words in wanted.items():
        was, mine, here = shown.get(name), _mark(words), _mark(now[name])
        if was is None or here in {was, mine}:
            continue
        if mine == was:
            stay.add(name)
        else:
            clash[name] = now[name]
    if clash:
        kept = {name: shown[name] for name in stay if not refills}
        raise Stale(
            clash, _joined({name: kept.get(name, _mark(words)) for name, words in now.items()}), frozenset(stay)
        )
    return frozenset(stay)


def _joined(of: Mapping[str, str]) -> str:
    return " ".join(f"{name}.{mark}" for name, mark in of.items())


def _mark(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:12]
