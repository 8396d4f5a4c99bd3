"""How to cite a discussion, in the styles that people ask for. Dates are those of the event's own zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from forum import clock
from forum.models import Discussion, SeatRole

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def styles(discussion: Discussion, address: str, site: str) -> dict[str, str]:
    """Return the citation by the name of its style. `address` is the public one, `site` the name of this site.

    APA: Publication Manual, 7th edition, 10.15 (social media and online forums). Chicago: Manual of Style, 17th
    edition, 14.209. BibTeX: the entry type @online of biblatex. RIS: type ELEC.
    """
    day = discussion.starts_at.astimezone(ZoneInfo(discussion.time_zone))
    today = clock.now().astimezone(ZoneInfo(discussion.time_zone))
    by = discussion.hosted_by or _hosts(discussion) or site
    title = discussion.title.rstrip(".")
    end = "" if title.endswith(("?", "!")) else "."
    host = "" if site == by else f" {site}."
    return {
        "APA": f"{by}. ({day.year}, {_MONTHS[day.month - 1]} {day.day}). {title} [Online discussion].{host} {address}",
        "Chicago": f"{by}. “{title}{end or ''}” Online discussion,{host[:-1]}{',' if host else ''} {_english(day)}. "
        f"Accessed {_english(today)}. {address}.",
        "BibTeX": _bibtex(discussion, by, address, site, day, today),
        "RIS": "\n".join(
            (
                "TY  - ELEC", f"TI  - {title}", f"AU  - {by}", f"PB  - {site}", f"DA  - {day:%Y/%m/%d}",
                f"Y2  - {today:%Y/%m/%d}", f"UR  - {address}", "ER  -",
            )
        ),
    }  # fmt: skip


def _hosts(discussion: Discussion) -> str:
    return " & ".join(seat.name for seat in discussion.seats if seat.role is SeatRole.HOST)


def _english(day: datetime) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _bibtex(discussion: Discussion, by: str, address: str, site: str, day: datetime, today: datetime) -> str:
    fields = {
        "author": f"{{{{{_plain(by)}}}}}",
        "title": f"{{{{{_plain(discussion.title)}}}}}",
        "organization": f"{{{_plain(site)}}}",
        "date": f"{{{day:%Y-%m-%d}}}",
        "url": f"{{{address}}}",
        "urldate": f"{{{today:%Y-%m-%d}}}",
        "note": "{Online discussion}",
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@online{{{discussion.slug},\n{lines}\n}}"


def _plain(words: str) -> str:
    """Escape what BibTeX takes for its own signs."""
    signs = {
        "\\": r"\textbackslash ",
        "{": r"\{",
        "}": r"\}",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "$": r"\$",
        "_": r"\_",
    }
    return "".join(signs.get(letter, letter) for letter in words)
