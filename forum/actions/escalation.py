"""How strictly a discussion is kept: its escalation and its filters. Runs inside `writing()`."""

from dataclasses import dataclass

from flask_babel import gettext as _

from forum import access, filters, text
from forum.actions import merging
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Audience, Discussion, Level, Safeguards, User
from forum.refusals import invalid

SLOWEST = 3600
_MOST_WORDS = 20_000
_MOST_FLAGS = 1000
_RULES = ("hold_first", "hold_links", "words", "hide_after_flags")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The lasting rules of a discussion as a host filled them in; `hide_after_flags` 0 is never."""

    hold_first: bool
    hold_links: bool
    words: str
    hide_after_flags: int

    def checked(self) -> "Rules":
        """Return them cleaned. Raises Refused (invalid) naming each field at fault."""
        faults: dict[str, str] = {}
        words = ""
        if self.words.strip():
            try:
                words = "\n".join(filters.entries(text.clean_body(self.words, _MOST_WORDS)))
            except text.TextFault as fault:
                faults["words"] = fault.message
        if not 0 <= self.hide_after_flags <= _MOST_FLAGS:
            faults["hide_after_flags"] = _(
                "Give a whole number from 0 (never) to %(most_flags)s.", most_flags=_MOST_FLAGS
            )
        if faults:
            raise invalid(**faults)
        return Rules(
            hold_first=self.hold_first,
            hold_links=self.hold_links,
            words=words,
            hide_after_flags=self.hide_after_flags,
        )


def set_level(actor: User, discussion: Discussion, level: str, slow_mode_seconds: int | None) -> Safeguards:
    """Choose the step of the escalation, and the seconds of slow mode if they are given.

    The same again changes nothing. Raises Refused (not theirs; invalid).
    """
    access.require(actor, "safeguards.set", discussion)
    if level not in {one.value for one in Level}:
        raise invalid(level=_("Choose one of the steps."))
    if slow_mode_seconds is not None and not 1 <= slow_mode_seconds <= SLOWEST:
        raise invalid(slow_mode_seconds=_("Slow mode takes 1 to %(slowest)s seconds.", slowest=SLOWEST))
    safeguards = _stored(discussion)
    before = {"level": safeguards.level.value, "slow_mode_seconds": safeguards.slow_mode_seconds}
    safeguards.level = Level(level)
    safeguards.slow_mode_seconds = slow_mode_seconds or safeguards.slow_mode_seconds
    after = {"level": safeguards.level.value, "slow_mode_seconds": safeguards.slow_mode_seconds}
    if before != after:
        write_down(actor, discussion, "safeguards.level", "discussion", discussion.id, before=before, after=after)
        db.session.flush()
        log.record(discussion, "discussion.escalated", discussion.id)
    return safeguards


def said(rules: Safeguards | Rules) -> dict[str, str]:
    """Return what each of the lasting rules says, for `merging`."""
    return {name: str(getattr(rules, name)) for name in _RULES}


def set_rules(actor: User, discussion: Discussion, rules: Rules, seen: str = "") -> Safeguards:
    """Choose what is held whatever the escalation says; readers see nothing of it.

    With `seen`, the marks of what the form showed, rules that only another host has changed meanwhile stay theirs.
    Raises Refused (not theirs; invalid), Stale for rules that both have changed.
    """
    access.require(actor, "safeguards.set", discussion)
    rules = rules.checked()
    safeguards = _stored(discussion)
    stay = merging.untouched(seen, said(safeguards), said(rules), refills=False)
    before = {name: getattr(safeguards, name) for name in _RULES}
    after = {name: getattr(rules, name) for name in _RULES}
    changed = [name for name in _RULES if before[name] != after[name] and name not in stay]
    for name in changed:
        setattr(safeguards, name, after[name])
    if changed:
        write_down(
            actor,
            discussion,
            "safeguards.rules",
            "discussion",
            discussion.id,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
        log.record(discussion, "review.rules", discussion.id, Audience.HOSTS)
    return safeguards


def _stored(discussion: Discussion) -> Safeguards:
    """Return the row of `discussion`, made now if there is none; two hosts at once make one."""
    log.lock(discussion)
    safeguards = Safeguards.of(discussion.id)
    db.session.add(safeguards)
    return safeguards
