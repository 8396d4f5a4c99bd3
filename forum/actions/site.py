"""What administrators set for the whole site. What writes runs inside `writing()`."""

from dataclasses import asdict, dataclass, fields, replace

from flask_babel import gettext as _

from forum import access, looks, text
from forum.actions import merging
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.database import db
from forum.models import Registration, Site, User
from forum.refusals import Refused, invalid

LONGEST_RULES = 10_000
LONGEST_WORDS = 20_000


@dataclass(frozen=True)
class SiteDraft:
    """The fields as typed. `logo` is a file name in media/, or empty."""

    name: str = ""
    accent: str = ""
    signal: str = ""
    logo: str = ""
    rules: str = ""
    registration: Registration = Registration.OPEN
    held_words: str = ""
    hold_links: bool = False

    def columns(self) -> dict[str, object]:
        """Return the cleaned values by column name. Raises Refused (invalid) naming every field at fault."""
        faults: dict[str, str] = {}
        cleaned: dict[str, object] = asdict(self)
        cleaned["name"] = clean(faults, "name", self.name, 60)
        cleaned["rules"] = clean(faults, "rules", self.rules, LONGEST_RULES, lines=True)
        cleaned["held_words"] = clean(faults, "held_words", self.held_words, LONGEST_WORDS, lines=True)
        for field in ("accent", "signal"):
            colour = getattr(self, field).strip().lower()
            if colour and not looks.is_colour(colour):
                faults[field] = _("Give a colour as six digits after #, like #0b4fa8, or leave it empty.")
            cleaned[field] = colour
        if faults:
            raise invalid(**faults)
        cleaned["rules_html"] = text.render(str(cleaned["rules"]))
        return cleaned


def said(site: Site | SiteDraft) -> dict[str, str]:
    """Return what each field says, for `merging`."""
    return {field.name: str(getattr(site, field.name)) for field in fields(SiteDraft)}


def change(actor: User, draft: SiteDraft, seen: str = "") -> Site:
    """Set the site's name, looks, rules, registration and filters to those of `draft`.

    With `seen`, the marks of what the form showed, fields that only somebody else has changed meanwhile stay theirs.
    Raises Refused (404 for who is no administrator; invalid), Stale for fields that both have changed.
    """
    access.require_administrator(actor)
    cleaned = draft.columns()
    site = db.session.get(Site, 1, with_for_update=True, populate_existing=True)
    if site is None:
        site = Site.fresh()
        db.session.add(site)
    columns = _merged(site, draft, cleaned, seen).columns()
    changed = sorted(name for name, value in columns.items() if getattr(site, name) != value)
    for name, value in columns.items():
        setattr(site, name, value)
    if changed:
        site.version += 1
        told = [name for name in changed if name != "rules_html"]
        write_down(actor, None, "site.changed", "site", 1, after={"changed": told})
    return site


def _merged(site: Site, draft: SiteDraft, cleaned: dict[str, object], seen: str) -> SiteDraft:
    """Return `draft`, `cleaned`, with the fields as they are now that its writer has left alone."""
    wanted = replace(draft, **{name: value for name, value in cleaned.items() if name != "rules_html"})  # type: ignore[arg-type]
    stay = merging.untouched(seen, said(site), said(wanted))
    return replace(wanted, **{name: getattr(site, name) for name in stay})


def require_open(*, invited: bool = False) -> None:
    """Raises Refused (registration, 403) when nobody can sign up, or only who was `invited`."""
    if is_open(invited=invited):
        return
    words = _("This site takes no new members. You can read everything, and sign in if you have an account.")
    if Site.current().registration is Registration.INVITED:
        words = _(
            "Accounts on this site are by invitation. Ask its administrators or your host for one; reading is free."
        )
    raise Refused("registration", words, 403)


def is_open(*, invited: bool = False) -> bool:
    """Whether somebody new, or somebody new who was `invited`, gets an account."""
    registration = Site.current().registration
    return registration is Registration.OPEN or (invited and registration is Registration.INVITED)
