"""A list of people as hosts have it (a table or one address a line), read into rows with what is wrong with each.

Nothing here knows a database: it reads what somebody pasted or uploaded, of whatever size and shape, in bounded time.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _

from forum import languages, text, zones
from forum.actions import accounts
from forum.refusals import invalid

MOST_BYTES = 1_000_000
MOST_ROWS = 2_000
# What is kept of the list in the page between preview and sending; a form may hold 512 KB.
MOST_KEPT = 400_000
COLUMNS = ("email", "name", "language", "zone", "line")
_LONGEST_CELL = 300
_MOST_CELLS = 60
_FEW = 2
# What nobody types; where one sign in so many is such, it is no text.
_NO_WRITING = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
_MOST_ODD = 20
_HEADERS = {
    "email": {
        "email", "e-mail", "mail", "email address", "e-mail address", "address", "e-mail-adresse", "correo", "courriel",
    },
    "name": {"name", "full name", "display name", "nom", "nombre", "contact"},
    "first": {"first name", "firstname", "given name", "vorname", "prénom"},
    "last": {"last name", "lastname", "surname", "family name", "nachname"},
    "language": {"language", "lang", "locale", "sprache", "langue", "idioma"},
    "line": {"line"},
    "zone": {"time zone", "timezone", "time_zone", "zone", "tz", "zeitzone"},
}  # fmt: skip
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?\Z")
_TITLES = {"dr", "frau", "herr", "mme", "mr", "mrs", "ms", "prof"}
_NO_NAME = re.compile(r"[\d@/\\:;,_()&+#*?!<>|\"=%]")
_ADDRESS = re.compile(r"[^\s@<>]@[^\s@<>]")
_BARE = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\Z")
_SHOWN = re.compile(r"\s*([^<>@]{0,200}?)\s*<([^<>]{1,300})>\s*\Z")


@dataclass(frozen=True)
class Row:
    """One person of the list. `faults` maps a column to what is wrong with it; a row without any can be used."""

    line: int
    email: str
    name: str = ""
    language: str = ""
    zone: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)


def decode(data: bytes) -> str:
    """Return an uploaded file as text: UTF-8, UTF-16 with its mark, or else what Windows writes in western Europe.

    Raises Refused (invalid: file) for what is too large or no text.
    """
    if len(data) > MOST_BYTES:
        raise invalid(file=_("This file is larger than 1 MB. Split the list, and send one part after the other."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise invalid(file=_("This is a workbook or document. Save it as CSV first, or copy its cells and paste them."))
    found = _decoded(data)
    # A picture, or UTF-16 without its mark: both are full of NUL.
    if "\0" in found or len(_NO_WRITING.findall(found)) * _MOST_ODD > len(found):
        raise invalid(file=_("This file is not text. Save it as CSV (UTF-8) and choose it again."))
    return found


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(source: str) -> list[Row]:
    """Return the rows of a pasted list in its order; a line without anything is none.

    Raises Refused (invalid: source) for what is empty, too long, or has more than MOST_ROWS people.
    """
    if len(source) > MOST_BYTES:
        raise invalid(source=_("This list is longer than 1 MB. Split it, and send one part after the other."))
    cells = _cells(source.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    if not cells:
        raise invalid(source=_("Paste a list of addresses, one a line, or choose a file."))
    places = _header(cells[0][1])
    if places is not None:
        cells = cells[1:]
    if not cells:
        raise invalid(source=_("There are headings in this list, and nobody under them."))
    found = _rows(places, cells)
    if len(found) > MOST_ROWS:
        words = _(
            "There are more than %(most)s people in this list. Split it, and send one part a day.", most=MOST_ROWS
        )
        raise invalid(source=words)
    return _doubled([checked(row) for row in found])


def _rows(places: Mapping[str, int] | None, cells: list[tuple[int, list[str]]]) -> list[Row]:
    if places is not None:
        return [_by_header(places, *one) for one in cells]
    return [_by_content(line, part) for line, row in cells for part in _people(row)]


def _people(cells: list[str]) -> list[list[str]]:
    """Several addresses in one line, and nothing else, are as many people."""
    filled = [cell for cell in cells if cell]
    return [[cell] for cell in filled] if all("@" in cell for cell in filled) else [cells]


def written(rows: list[Row]) -> str:
    """Return `rows` as a table that `read` takes again, for the page to keep."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([row.email, row.name, row.language, row.zone, row.line] for row in rows)
    if len(out.getvalue().encode("utf-8", "replace")) > MOST_KEPT:
        raise invalid(source=_("This list is too long for one page. Split it, and send one part after the other."))
    return out.getvalue()


def corrected(rows: list[Row], typed: Mapping[int, Mapping[str, str]]) -> list[Row]:
    """Return `rows` with what the host has typed over some, by their place; who has no address any more is left out."""
    changed = [_retyped(row, typed.get(at, {})) for at, row in enumerate(rows)]
    kept = [row for at, row in enumerate(changed) if at not in typed or row.email.strip()]
    return _doubled([checked(row) for row in kept])


def _retyped(row: Row, typed: Mapping[str, str]) -> Row:
    def cell(name: str, before: str) -> str:
        return typed.get(name, before)[:_LONGEST_CELL]

    return Row(
        row.line, cell("email", row.email), cell("name", row.name), cell("language", row.language),
        cell("zone", row.zone),
    )  # fmt: skip


def checked(row: Row) -> Row:
    """Return `row` as it can be kept, or with its faults and what was written."""
    faults: dict[str, str] = {}
    name, email = _plain(row.name), row.email.strip()
    if (shown := _SHOWN.match(email)) is not None:
        name, email = name or _plain(shown[1].strip("\"' ")), shown[2].strip()
    kept = accounts.clean_email(email.removeprefix("mailto:").strip("<> "))
    if kept is None:
        faults["email"] = (
            _("Give one email address, like name@example.org.") if email else _("There is no address here.")
        )
    try:
        name = text.clean_line(name, 80) if name.strip() else ""
    except text.TextFault as fault:
        faults["name"] = fault.message
    language, zone = row.language.strip(), row.zone.strip()
    if language and not _LANGUAGE.match(language):
        faults["language"] = _("Give a language by its short name, like en or fr, or leave it empty.")
    if zone and zones.named(zone) is None:
        faults["zone"] = _("Give a time zone by a city, like Europe/London, or leave it empty.")
    zone = zones.named(zone) or zone
    language = language.replace("_", "-") if "language" not in faults else language
    return Row(row.line, kept or email, name, language, zone, faults)


def _doubled(rows: list[Row]) -> list[Row]:
    """Mark who stands in the list before, in a line that gets the letter: one at fault may be left out."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        if "email" not in row.faults and row.email in seen:
            words = _("This address stands in line %(line)s already. It gets one letter.", line=seen[row.email])
            row = replace(row, faults={**row.faults, "twice": words})
        if not row.faults:
            seen.setdefault(row.email, row.line)
        found.append(row)
    return found


def _cells(source: str) -> list[tuple[int, list[str]]]:
    """Return the filled cells of each line with its number, whatever stands between them."""
    source = _one_a_line(source)
    found: list[tuple[int, list[str]]] = []
    reader = csv.reader(_lines(source), delimiter=_between(source))
    while True:
        try:
            row = next(reader, None)
        except csv.Error:  # a field past csv's own limit, or a NUL in an old Python: the line is left as it is
            found.append((reader.line_num, [""]))
            continue
        if row is None:
            return found
        cells = [cell.strip()[:_LONGEST_CELL] for cell in row[:_MOST_CELLS]]
        if any(cells):
            found.append((reader.line_num, cells))
        if len(found) > MOST_ROWS + 1:
            return found


def _lines(source: str) -> list[str]:
    """Return the lines to read. Where quotes do not close, a quote is only a sign: or one eats the rest of the list."""
    lines = [line[:5_000] + "\n" for line in source.replace("\0", "\ufffd").split("\n")]
    if source.count('"') % 2 == 0 and not any(len(line) > 5_000 for line in lines):
        return lines
    return [line if line.count('"') % 2 == 0 else line.replace('"', " ") for line in lines]


def _between(source: str) -> str:
    """Return what stands between the cells: the sign that the first line with any outside quotes has most of."""
    heads = (re.sub(r'"[^"]*"', "", line[:2_000]) for line in source.split("\n", 20)[:20])
    head = next((head for head in heads if any(sign in head for sign in "\t;,")), ",")
    return max("\t;,", key=head.count)


def _one_a_line(source: str) -> str:
    """Return the same with each of several people in one line on a line of their own.

    Headings say what stands in a line, so below them none is cut.
    """
    first = next((line for line in source.split("\n", 20) if line.strip()), "")
    if "@" not in first:
        return source
    is_head = first.count("@") > _FEW  # pasted from the head of a mail: addresses one after the other
    return "\n".join(_apart(line, is_head=is_head) for line in source.split("\n"))


def _apart(line: str, *, is_head: bool) -> str:
    words, parts = line.split(), [part for part in line.split(";") if part.strip()]
    if len(words) > 1 and all(_BARE.match(word) for word in words):
        return "\n".join(words)
    if all(part.count("@") == 1 for part in parts):  # Outlook's: Lee, Ann <ann@example.org>; Ray, Bob <bob@example.org>
        return "\n".join(parts)
    if is_head and line.count("@") > _FEW:
        return re.sub(r"[;]\s*" if ";" in line else r",\s*", "\n", line)
    return line


def _header(cells: list[str]) -> dict[str, int] | None:
    """Return in which column each thing stands, or None when the first line names none."""
    if any("@" in cell for cell in cells):
        return None
    places: dict[str, int] = {}
    for at, cell in enumerate(cells):
        word = cell.strip().casefold().strip("*: ")
        kind = next((kind for kind, words in _HEADERS.items() if word in words), None)
        if kind is not None:
            places.setdefault(kind, at)
    return places if "email" in places else None


def _by_header(places: Mapping[str, int], line: int, cells: list[str]) -> Row:
    def cell(kind: str) -> str:
        at = places.get(kind, -1)
        return cells[at] if 0 <= at < len(cells) else ""

    name = cell("name") or f"{cell('first')} {cell('last')}".strip()
    line = int(cell("line")) if re.fullmatch(r"[0-9]{1,6}", cell("line")) else line
    return Row(line, _plain(cell("email")), name, _plain(cell("language")), _plain(cell("zone")))


def _by_content(line: int, cells: list[str]) -> Row:
    """Find out by what it looks like: a cell with @ is the address, then come zone and language, the first rest a name.

    A city, unlike `Europe/Kyiv`, may be a name: it is a zone where a name stands before it. A language's letters that
    stand alone are a name too. A name in several cells (`_full_name`) ends where the address begins.
    """
    emails = {cell for cell in cells if _ADDRESS.search(cell)} or {cell for cell in cells if "@" in cell}
    if len(emails) != 1:  # nobody's line, or that of several, said with all that stands in it
        return Row(line, " ".join(cell for cell in cells if cell)[:_LONGEST_CELL])
    (email,) = emails
    at = cells.index(email)
    before, after = _rest(cells[:at], email), _rest(cells[at:], email)
    is_alone = len(before) + len(after) == 1
    zone = _taken(after, _is_zone) or _taken(before, _is_zone)
    language = "" if is_alone else _taken(after, _is_language) or _taken(before, _is_language)
    name = (before or after)[:1]
    others = before[1:]
    zone = zone or _taken(after if before else after[1:], _is_city) or _taken(others, _is_city)
    shown = _SHOWN.match(email)
    if shown and shown[1]:
        return Row(line, email, _turned(shown[1].strip("\"' "), before[-1:]), language, zone)
    return Row(line, email, _full_name(name + others), language, zone)


def _turned(first: str, last: list[str]) -> str:
    """Return the name of `Last, First <address>`; nothing where what stands before the shown name is no last name."""
    is_last = last and _is_name(last[0], [first]) and last[0].casefold() not in first.casefold().split()
    return f"{first} {last[0]}" if is_last else ""


def _rest(cells: list[str], email: str) -> list[str]:
    plain = [_plain(cell) for cell in cells if cell and cell != email]
    return [cell for cell in plain if not cell.isdigit()]


def _full_name(cells: list[str]) -> str:
    """Join first and last name, and what is no name by itself: a title, an initial.

    A first cell of two words is a whole name, so what follows is where somebody works; so is what is too long a name.
    """
    parts = cells[:1]
    for cell in cells[1:]:
        whole = [part for part in parts if not _is_half(part)]
        if len(whole) == _FEW or any(" " in part for part in whole) or not (_is_half(cell) or _is_name(cell, parts)):
            break
        parts.append(cell)
    return " ".join(parts)


def _is_half(cell: str) -> bool:
    return cell.casefold().removesuffix(".") in _TITLES or re.fullmatch(r"[^\W\d_]{1,4}\.", cell) is not None


def _is_name(cell: str, before: list[str]) -> bool:
    """Whether `cell` goes on with a name: Lovelace, García Márquez, van der Berg; no note in lower case beside Ada."""
    if _NO_NAME.search(cell) or (cell.islower() and not before[0].islower()):
        return False
    return cell.count(" ") < (_FEW * 2 if cell[0].islower() else _FEW)


def _taken(cells: list[str], is_it: Callable[[str], bool]) -> str:
    """Take the last such cell out of `cells`, for names stand in front; empty when there is none."""
    at = next((at for at in reversed(range(len(cells))) if is_it(cells[at])), None)
    return "" if at is None else cells.pop(at)


def _is_zone(cell: str) -> bool:
    return "/" in cell and _is_city(cell)


def _is_city(cell: str) -> bool:
    return zones.named(cell) is not None


def _is_language(cell: str) -> bool:
    return len(cell) <= 5 and _LANGUAGE.match(cell) is not None and re.split("[-_]", cell)[0] in languages.NAMES


def _plain(cell: str) -> str:
    """Take away the sign that keeps a spreadsheet from calculating, ours and theirs: '=x and ="x"."""
    cell = cell.strip()
    if cell.startswith(("'=", "'+", "'-", "'@")):
        return cell[1:]
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') and len(cell) > 3 else cell
