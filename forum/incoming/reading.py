"""The words of a mail: which of its parts holds them, in which letters, and how its lines are meant.

Nothing in a mail is trusted: parts, depth and length are bounded, and a charset that is wrong or unknown is read as
well as can be.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from forum.incoming import markup, quoting
from forum.notify.addresses import MARK

_MOST_PARTS = 200
_DEEPEST = 20
_LONGEST = 150_000
_MOST_LINES = 4_000
# Python knows these names too, but they are no charsets of mail, and some take the square of a text's length.
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf-7"}
# As browsers read them (WHATWG): programs say the left and mean the right.
_MEANT = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
    "euc_kr": "cp949", "iso8859-9": "cp1254", "iso8859-11": "cp874", "iso2022_jp": "iso2022_jp_ext",
}  # fmt: skip
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2028\u2029\ufeff\ufffc\ud800-\udfff]")
# Parts that go with a text and are no file that anybody attached.
_SILENT = {
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/ms-tnef",
    "text/calendar", "text/vcard", "text/x-vcard", "application/pgp-keys", "application/vnd.ms-tnef",
}  # fmt: skip
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}


@dataclass(frozen=True)
class Words:
    """What somebody wrote, how many files they attached, and whether it is sealed so that only a key opens it."""

    text: str
    files: int = 0
    is_sealed: bool = False


def words_of(message: Message) -> Words:
    """Return what the sender of `message` wrote, without quotes and signature; empty when nothing is left."""
    # What says the same in several kinds, or one part alone, by its number: its plain texts, its HTML.
    said: dict[int, tuple[list[str], list[str]]] = {}
    files, is_sealed = 0, False
    for number, part in _parts(message):
        kind = _kind(part)
        plain, marked = said.setdefault(number, ([], []))
        if kind in _SEALED:
            is_sealed = True
        elif _is_file(part, kind):
            files += kind not in _SILENT
        elif kind == "text/html":
            marked.append(quoting.cut(_clean(markup.lines_of(_decoded(part)))))
        elif kind == "text/plain":
            plain.append(quoting.cut(_lines(part)))
    # Programs break the lines of the plain part where it suits them, the other says what was meant.
    # Beside such a letter, a part of one kind alone is what a gateway has put under it.
    whole = [texts for texts in said.values() if all(texts)]
    text = _text(whole) or _text(list(said.values()))
    return Words(text, files, is_sealed and not text)


def _text(said: list[tuple[list[str], list[str]]]) -> str:
    return _joined([_joined(marked) or _joined(plain) for plain, marked in said])


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text).strip()


def _parts(message: Message) -> Iterator[tuple[int, Message]]:
    """Yield the parts that are no containers, at most so many and so deep, each with a number of its own.

    Alternatives to each other have one number: only one of them is to be read.
    """
    waiting: list[tuple[Message, int, int]] = [(message, 0, 0)]
    seen = 0
    while waiting and seen < _MOST_PARTS:
        part, depth, same = waiting.pop(0)
        seen += 1
        # Asked first: the text of a part is decoded unasked, by whatever codec the part names.
        inside = part.get_payload() if part.is_multipart() else None
        kind = _kind(part)
        if not isinstance(inside, list) or kind.startswith("message/"):  # somebody else's mail, attached
            yield same or seen, part
        elif depth < _DEEPEST:
            root = inside[:1] if kind == "multipart/related" else inside
            same = same or (seen if kind == "multipart/alternative" else 0)
            waiting[:0] = [(one, depth + 1, same) for one in root[:_MOST_PARTS] if isinstance(one, Message)]


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()
    except Exception:  # the library's reader of headers stumbles over some that are broken
        return "application/octet-stream"


def _is_file(part: Message, kind: str) -> bool:
    try:
        named = part.get_content_disposition() == "attachment" or (
            part.get_filename() is not None and kind != "text/plain"
        )
    except Exception:
        named = True
    return named or not kind.startswith("text/") or kind in _SILENT


def _decoded(part: Message) -> str:
    """Return the text of a part, in whatever letters; what cannot be read is �."""
    try:
        raw = part.get_payload(decode=True)
    except Exception:
        return ""
    if not isinstance(raw, bytes):
        return ""
    for name in (_charset(part), "utf-8", "cp1252"):
        try:
            return raw.decode(name)
        except (UnicodeError, LookupError):
            continue
    return raw.decode(_charset(part), "replace")


def _charset(part: Message) -> str:
    """Return the name of a codec for what the part says of itself; UTF-8 when that is nothing one can read."""
    try:
        found = codecs.lookup(str(part.get_content_charset() or "utf-8"))
    except Exception:
        return "utf-8"
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("-", "_") in {
        name.replace("-", "_") for name in _NO_CHARSETS
    }:
        return "utf-8"
    if found.name in {"iso8859-1", "ascii"} and _is_utf8(part):
        return "utf-8"
    return _MEANT.get(found.name, found.name)


def _is_utf8(part: Message) -> bool:
    """Whether what calls itself Latin or ASCII is UTF-8: by chance that is as good as never so."""
    raw = part.get_payload(decode=True)
    try:
        return isinstance(raw, bytes) and not raw.isascii() and bool(raw.decode("utf-8"))
    except UnicodeError:
        return False


def _lines(part: Message) -> str:
    """Return a plain part's text with its lines as they were meant."""
    words = _clean(_decoded(part)[:_LONGEST])
    try:
        format_, joins = str(part.get_param("format", "")).lower(), str(part.get_param("delsp", "")).lower() == "yes"
    except Exception:
        format_, joins = "", False
    return _flowed(words, joins) if format_ == "flowed" else _unwrapped(words)


def _clean(words: str) -> str:
    words = _UNWANTED.sub("", words.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ")
    return "\n".join(words.split("\n", _MOST_LINES)[:_MOST_LINES])


def _flowed(words: str, joins: bool) -> str:
    """Join the lines that end with a space to the next, where both are quoted as deeply (RFC 3676, 4)."""
    out: list[str] = []
    depth_before, open_before = 0, False
    for line in words.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        said = line[depth:].removeprefix(" ")
        is_delimiter = said == "-- "
        flows = said.endswith(" ") and not is_delimiter
        if flows and joins:
            said = said[:-1]
        if open_before and depth == depth_before and not is_delimiter:
            out[-1] += said
        else:
            out.append(f"{'>' * depth}{' ' if depth else ''}{said}")
        depth_before, open_before = depth, flows
    return "\n".join(out)


def _unwrapped(words: str) -> str:
    """Join lines that a program has broken: those after which the next word had found no room.

    Only in a text no line of which is longer than mail's custom, and never lists, quotes and what is indented.
    """
    lines = words.split("\n")
    own = [line for line in lines if line and not line.startswith(">")]
    width = max((len(line) for line in own), default=0)
    if not 60 <= width <= 80:
        return words
    out: list[str] = []
    before = ""
    for line in lines:
        first = line.split(" ", 1)[0]
        fits = len(before.rstrip()) + 1 + len(first) <= width
        if out and before.strip() and line.strip() and not fits and not _is_own_line(line) and before[:1] != ">":
            out[-1] = f"{out[-1].rstrip()} {line}"
        else:
            out.append(line)
        before = line
    return "\n".join(out)


def _is_own_line(line: str) -> bool:
    return bool(re.match(r"[>\s|#*+\-_=~`]|\d{1,3}[.)]\s|-- ?$", line)) or MARK in line
