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
    by = [discussion.hosted_by] if discussion.hosted_by else _hosts(discussion) or [site]
    title = " ".join(discussion.title.split()).rstrip(".")
    end = "" if title.endswith(("?", "!")) else "."
    host = "" if by == [site] else f" {site}."
    published = f"{day.year}, {_MONTHS[day.month - 1]} {day.day}"
    return {
        "APA": f"{_listed(by, '&')}. ({published}). {title} [Online discussion].{host} {address}",
        "Chicago": f"{_listed(by, 'and')}. “{title}{end}” Online discussion,{host[:-1]}{',' if host else ''} "
        f"{_english(day)}. Accessed {_english(today)}. {address}.",
        "BibTeX": _bibtex(discussion, by, address, site, day, today),
        "RIS": "\n".join(
            (
                "TY  - ELEC", f"TI  - {title}", *(f"AU  - {one}" for one in by), f"PB  - {site}",
                f"DA  - {day:%Y/%m/%d}", f"Y2  - {today:%Y/%m/%d}", f"UR  - {address}", "ER  -",
            )
        ),
    }  # fmt: skip


def _hosts(discussion: Discussion) -> list[str]:
    """Names stand as their owners write them: which part of one is the family's, no rule can tell for all people."""
    return [seat.name for seat in discussion.seats if seat.role is SeatRole.HOST]


def _listed(names: list[str], last: str) -> str:
    """Return several names as both styles join them; `last` is the word before the last one."""
    if len(names) < 3:
        return f", {last} ".join(names) if last == "&" else f" {last} ".join(names)
    return f"{', '.join(names[:-1])}, {last} {names[-1]}"


def _english(day: datetime) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _bibtex(discussion: Discussion, by: list[str], address: str, site: str, day: datetime, today: datetime) -> str:
    fields = {
        # In braces of its own, so that no program takes a name apart, or "and" in an organisation's for two authors.
        "author": f"{{{' and '.join(f'{{{_plain(one)}}}' for one in by)}}}",
        "title": f"{{{{{_plain(discussion.title)}}}}}",
        "organization": f"{{{_plain(site)}}}",
        "date": f"{{{day:%Y-%m-%d}}}",
        "url": f"{{{address}}}",
        "urldate": f"{{{today:%Y-%m-%d}}}",
        "note": "{Online discussion}",
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@online{{{discussion.slug},\n{lines}\n}}"


_SIGNS = {
    "\\": r"\textbackslash{}",
    # Not \{ and \}: BibTeX counts the braces of a field whatever stands before them, and one alone ends it.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "%&#$_"},
}


def _plain(words: str) -> str:
    """Escape what BibTeX and LaTeX take for their own signs."""
    return "".join(_SIGNS.get(letter, letter) for letter in " ".join(words.split()))
