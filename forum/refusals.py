"""How the house says no: one exception, which one handler turns into a page or JSON."""

from collections.abc import Mapping

from flask_babel import gettext as _


class Refused(Exception):
    """An action that may not happen now, or not by this person.

    `code` is for programs, `message` is a sentence for people that says what to do next, `status` is the HTTP
    status, `retry_after` whole seconds, `fields` maps a field's name to what is wrong with it. Words are said in the
    language that is being spoken where the refusal is raised, so that no handler has to know them.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 403,
        *,
        retry_after: int | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = str(message)
        self.status = status
        self.retry_after = retry_after
        self.fields = {name: str(words) for name, words in (fields or {}).items()}

    def as_json(self) -> dict[str, object]:
        """Return the contract's `{error: {code, message, retry_after?, fields?}}`."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        if self.fields:
            error["fields"] = self.fields
        return {"error": error}


class Stale(Refused):
    """Somebody else has changed what this person was changing (409): what stands there now is shown beside their text.

    `theirs` maps a field to what it says now. `seen` are the marks of that (see `actions.merging`): a form that comes
    back with them has seen it, and replaces it. `untouched` are fields that only the other one has changed. `words` say
    it where the other one is the same person.
    """

    def __init__(
        self, theirs: Mapping[str, str], seen: str, untouched: frozenset[str] = frozenset(), words: str = ""
    ) -> None:
        words = words or _(
            "Somebody else has changed this meanwhile. What they wrote is shown; yours is kept. "
            "Send it again to put yours in its place."
        )
        super().__init__("stale", words, 409, fields=dict.fromkeys(theirs, words))
        self.theirs = dict(theirs)
        self.seen = seen
        self.untouched = untouched

    def as_json(self) -> dict[str, object]:
        """Return the contract's error, with what stands there now and the mark of it."""
        said = {"code": self.code, "message": self.message, "theirs": self.theirs, "seen": self.seen}
        return {"error": said}


def unknown() -> Refused:
    """What somebody gets who may not know that a thing exists: the same as for a thing that does not."""
    return Refused("not_found", _("There is nothing at this address. Check it, or start from the home page."), 404)


def invalid(**fields: str) -> Refused:
    """Refuse a form: each keyword names a field, its value says what to change."""
    return Refused("invalid", " ".join(str(words) for words in fields.values()), 422, fields=fields)
