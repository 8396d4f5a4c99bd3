"""What somebody wrote in an answer, without what they answer and without their signature.

Of two faults the smaller is to leave a quoted line in: what is cut by mistake is a person's words. So a quote is cut
where it is certain: behind `>` below the line that says who wrote, below the mark that our letters carry, or below the
block of headers that Outlook puts. What stands behind `>` above all that was typed by the writer.

Of the libraries for this, mail-parser-reply keeps what is quoted between answers and takes minutes for 60 KB of “On On
On”, email-reply-parser knows English only and has had no release since 2020, quotequail wants lxml: two files of our
own are less.
"""

import re
from collections.abc import Iterator

from forum.notify.addresses import MARK

_LONGEST_SIGNATURE = 12

# The line that our letters begin with, in whatever language its words are.
_MARKED = re.compile(rf"{MARK}[^\n]{{0,200}}{MARK}")

_QUOTE = re.compile(r"\s{0,3}>")
_ADDRESS = re.compile(r"[\w.+=-]{1,80}@[\w-]{1,80}\.[\w.-]{1,80}")
_MOMENT = re.compile(r"\d{1,2}\s?[:.hH時点]\s?\d{2}|\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
# How the line ends that says who wrote, in the languages of the programs people use.
_WROTE = re.compile(
    r"(?:\bwrote|\bschrieb\b.{0,120}|\ba écrit|\bescribi[óo]|\bha scritto|\bschreef\b.{0,120}|\bescreveu"
    r"|\bskrev\b.{0,120}|\bnapisał(?:\(a\)|a)?|\bpisze|\bnapsal(?:\(a\)|a)?|пишет|писал\(?а?\)?|написал\(?а?\)?"
    r"|kirjoitti|\byazdı|ezt írta|έγραψε|写道|寫道|のメール|のメッセージ|님이 작성)\s?[:：]?\s*\Z",
    re.I,
)
_FROM = "From|Von|De|Da|Van|Från|Fra|Lähettäjä|Od|От|Kimden|Feladó|Από|差出人|发件人|寄件者|보낸 사람"  # fmt: skip
_OTHERS = "|".join(
    (
        "Sent|Gesendet|Envoyé|Enviado(?: el)?|Enviada(?: em)?|Inviato|Verzonden|Skickat|Sendt|Lähetetty|Wysłano",
        "Odesláno|Отправлено|Date|Datum|Fecha|Data|Dato|Päivämäärä|Дата|日時|送信日時|发送时间|日期|보낸 날짜",
        "To|An|À|A|Para|Aan|Till|Til|Do|Komu|Кому|宛先|收件人|받는 사람",
        "Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Ämne|Emne|Aihe|Temat|Předmět|Тема|件名|主题|主旨|제목|Assunto",
        "Cc|Kopie|Reply-To",
    )
)
_HEAD_FROM = re.compile(rf"[>\s*_]{{0,6}}(?:{_FROM})[*_\s]{{0,4}}[:：]")
_HEAD_OTHER = re.compile(rf"[>\s*_]{{0,6}}(?:{_FROM}|{_OTHERS})[*_\s]{{0,4}}[:：]")
_RULE = re.compile(r"\s*(?:_{20,}|-{2,}\s?[^-\n]{3,60}?\s?-{2,}|[-_=]{20,})\s*\Z")
_SENT_FROM = re.compile(
    "|".join(
        (
            r"Sent (?:from|with|via) (?:my |Mail for |Yahoo|Outlook|Proton|Samsung|a mobile|BlueMail|Gmail|Spark)",
            r"Sent from .{1,30}\bfor (?:iOS|Android|Windows)|Get Outlook for|Yahoo Mail: Search",
            r"Gesendet (?:von|mit) (?:me|Mail|Yahoo|Outlook|Proton|Samsung|mobile|der |GMX|WEB)",
            r"Von (?:meinem|Outlook|unterwegs|mobil)\b.{0,40}\bgesendet|Diese Nachricht wurde von meinem",
            r"Envoyé (?:de|depuis|à partir de|avec)\b|Télécharger Outlook|Obtenez Outlook",
            r"Enviado (?:desde|do|a partir|con)\b|Obtener Outlook|Inviato (?:da|dal|con)\b",
            r"Verzonden (?:vanaf|vanuit|met)\b|Skickat från|Sendt fra|Lähetetty\b|Wysłan[eo] z\b|Odesláno z",
            r"Отправлено (?:с|из)\b|iPhone ?から送信|iPadから送信|发自我的|發自我的|나의 iPhone",
        )
    ),
    re.I,
)
_LINK = re.compile(r"\(https?://\S{1,300}?\)|<https?://\S{1,300}?>")
_ONE_PHRASE = re.compile(r"[^.!?]{0,90}\.?\Z")


def cut(words: str) -> str:
    """Return what of `words` (lines) its sender wrote: no quote of what is answered, no signature, no empty ends."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    begins = _where_it_begins(lines)
    if begins is not None:
        start, end = begins
        kept = lines[:start] + [line for line in _unquoted_answers(lines, start, end)]
    else:
        kept = lines
    return _tidy(_without_signature(kept))


def _where_it_begins(lines: list[str]) -> tuple[int, int] | None:
    """Return the first line of what introduces the quote and the line after it, None when nothing is quoted.

    Where our mark is, the quote begins with what stands right above it: “In 2019 the ministry wrote:” is the writer's.
    """
    marked = next((at for at, line in enumerate(lines) if _MARKED.search(line)), None)
    if marked is None:
        return next(((start, end) for start, end, is_certain in _introductions(lines, len(lines)) if is_certain), None)
    top = marked
    while top and (_QUOTE.match(lines[top - 1]) or not lines[top - 1].strip()):
        top -= 1
    found = [(start, end) for start, end, _ in _introductions(lines, marked)]
    near = [one for one in found if one[1] >= top]
    # Servers put warnings between the two: then it is what names somebody's address.
    if begins := near or [(start, end) for start, end in found if _is_certain(lines[start:end])]:
        return begins[0]
    return top if _QUOTE.match(lines[marked]) else marked, marked + 1


def _introductions(lines: list[str], until: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where something that introduces a quote begins, the line after it, and whether it can be nothing else."""
    for at in range(until):
        line = lines[at]
        if not line.strip() or (len(line) > 400 and not _QUOTE.match(line)):
            continue
        if end := _attribution_end(lines, at):
            follows = _next_words(lines, end)
            is_quoted = follows is not None and bool(_QUOTE.match(lines[follows]))
            yield at, end, is_quoted or bool(_ADDRESS.search(" ".join(lines[at:end])))
        if end := _headers_end(lines, at):
            start = at
            before = next((back for back in range(at - 1, -1, -1) if lines[back].strip()), None)
            if before is not None and _RULE.match(lines[before]):
                start = before
            yield start, end, _is_certain(lines[at:end])


def _attribution_end(lines: list[str], at: int) -> int:
    """Return the line after one that says who wrote and when, which programs break into up to three; else 0."""
    said = ""
    for end in range(at, min(at + 4, len(lines))):
        line = re.sub(r"^[\s>]{1,6}", "", lines[end]).strip()
        if not line:
            break
        said = f"{said} {line}".strip()
        if len(said) > 400:
            break
        if not _MOMENT.search(said):
            continue
        if _WROTE.search(said) or (said.endswith((":", "：")) and _ADDRESS.search(said)):
            return end + 1
    return 0


def _headers_end(lines: list[str], at: int) -> int:
    """Return the line after a block of From, Sent, To and Subject, in whatever language and order; else 0."""
    if not _HEAD_OTHER.match(lines[at]):
        return 0
    seen, last, blank = 1, at, 0
    says_whom = bool(_HEAD_FROM.match(lines[at]))
    for end in range(at + 1, min(at + 14, len(lines))):
        if _HEAD_OTHER.match(lines[end]):
            seen, last, blank = seen + 1, end, 0
            says_whom = says_whom or bool(_HEAD_FROM.match(lines[end]))
        elif not lines[end].strip(" >*"):
            blank += 1
            if blank > 1:
                break
        elif blank:
            break
    return last + 1 if seen >= 3 and says_whom else 0


def _is_certain(block: list[str]) -> bool:
    return any(_ADDRESS.search(line) for line in block)


def _next_words(lines: list[str], at: int) -> int | None:
    return next((n for n in range(at, min(at + 6, len(lines))) if lines[n].strip()), None)


def _unquoted_answers(lines: list[str], start: int, end: int) -> list[str]:
    """Return what stands between or below the quoted lines; nothing, where the quote has no signs before its lines.

    A mail that only quotes behind > was answered below or between; of any other all the rest is the quote.
    """
    follows = _next_words(lines, end)
    below = lines[end:]
    is_signed = follows is not None and bool(_QUOTE.match(lines[follows]))
    if not is_signed and not any(_QUOTE.match(line) for line in lines[start:end]):
        return []
    kept: list[str] = []
    at = 0
    while at < len(below):
        line = below[at]
        if _QUOTE.match(line):
            at += 1
            continue
        unsigned = _headers_end(below, at) if line.strip() else 0
        if unsigned or _MARKED.search(line):
            break
        kept.append(line)
        at += 1
    return ["", *kept] if any(line.strip() for line in kept) else []


def _without_signature(lines: list[str]) -> list[str]:
    """Drop what begins with “-- ” (RFC 3676, 4.3), and a last line like “Sent from my iPhone”.

    Programs lose the space at its end; whoever has several lines of “--” divides a text by them.
    """
    below = 0
    divides = sum(line.strip() == "--" for line in lines) > 1
    for at in range(len(lines) - 1, -1, -1):
        if lines[at] == "-- " or (lines[at].strip() == "--" and not divides):
            lines = lines[:at]
            break
        below += bool(lines[at].strip())
        if below > _LONGEST_SIGNATURE:
            break
    for _ in range(2):
        last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), None)
        if last is None:
            break
        said = re.sub(r"[*_\[\]]", "", _LINK.sub("", lines[last][:500])).strip()
        if (_SENT_FROM.match(said) and _ONE_PHRASE.match(said)) or not lines[last].strip("_ "):
            lines = lines[:last]
    return lines


def _tidy(lines: list[str]) -> str:
    words = "\n".join(line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", words).strip("\n \t")
