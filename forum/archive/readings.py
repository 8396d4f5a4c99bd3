"""A discussion as a file for readers: what everybody may read of it, in pieces, so that a long one fills no process.

Each function here yields text. The discussion file, which can be imported again, is `export.py`.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape

from flask_babel import gettext as _

from forum import clock, speaking
from forum.archive import markup, transcript
from forum.archive.book import Book, address, helpful_to, role, typed_by
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Discussion, Question

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_COLUMNS = (
    "id", "question", "author", "role", "affiliation", "country", "at", "reply_to", "text", "address", "after_the_end",
    "helpful", "edited_at", "written_down_by", "highlighted",
)  # fmt: skip
_STYLE = (
    "body{font:1rem/1.55 Georgia,serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #bbb;padding:.6rem 0}header,small{font-family:sans-serif}small{color:#555}"
    "@media print{article{break-inside:avoid}}"
)


def moment(at: datetime) -> str:
    """Return the shortest ISO 8601 in UTC that loses nothing."""
    at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def cell(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def from_cell(value: str) -> str:
    """Return what `cell` has made of a text as it was."""
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value


def as_csv(discussion: Discussion, site: str) -> Iterator[str]:
    """Yield one row a comment, in the order of their times; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    scene = Scene.of(discussion)
    for shown in _published(transcript.all_of(scene, "time")):
        comment, face = shown.comment, shown.face
        row: list[object] = [
            comment.id,
            f"Q{shown.number}" if shown.number else "",
            face.name,
            face.role.value if face.role else "",
            face.affiliation,
            face.country,
            moment(comment.posted_at),
            comment.reply_to_id or "",
            comment.source,
            permalink(site, discussion, shown),
            "yes" if scene.is_late(comment) else "",
            comment.helpful,
            moment(comment.edited_at) if comment.edited_at else "",
            shown.typist,
            "yes" if comment.highlighted_at else "",
        ]
        writer.writerow([cell(value) for value in row])
        yield _taken(out)
    yield _taken(out)


def as_markdown(discussion: Discussion, site: str) -> Iterator[str]:
    """Yield the transcript by question as Markdown."""
    return _by_question(discussion, site, ("# ", "## ", "### ", "<{}>"), lambda source, _html: source)


def as_text(discussion: Discussion, site: str) -> Iterator[str]:
    """Yield the transcript by question as plain text."""
    return _by_question(discussion, site, ("", "", "", "{}"), lambda _source, html: markup.lines(html, site))


def as_html(discussion: Discussion, site: str) -> Iterator[str]:
    """Yield the transcript as one HTML file that needs nothing else."""
    scene = Scene.of(discussion)
    book = Book(discussion, scene, site)
    yield (
        f"<!doctype html><html lang='{escape(discussion.language)}' dir={speaking.direction()}><head>"
        "<meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(discussion.title)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1 dir=auto>{escape(discussion.title)}</h1><p><small>{_time(discussion.starts_at, book.when())} · "
        f"<a href='{escape(address(site, discussion))}'>{escape(address(site, discussion))}</a></small></p></header>"
        f"{discussion.intro_html}{_note_html(discussion.editors_note_html)}{_summary_html(discussion.summary_html)}"
    )
    for question, comments in sections(scene):
        name = f"q{question.number}" if question else "general"
        yield f"<section id={name}><h2 dir=auto>{escape(heading(question))}</h2>"
        yield _summary_html(question.summary_html if question else "")
        for shown in comments:
            yield _article(book, shown)
        yield "</section>"
    yield "</body></html>\n"


def _time(at: datetime, words: str) -> str:
    """Return `words` for people, with the moment for machines."""
    return f"<time datetime='{clock.in_utc(at)}'>{escape(words)}</time>"


def _article(book: Book, shown: Shown) -> str:
    comment, face, edited = shown.comment, shown.face, shown.comment.edited_at
    facts = [
        escape(role(face.role) if face.role else ""),
        escape(book.whence(face)),
        _time(comment.posted_at, book.time(comment.posted_at)),
        escape(typed_by(shown)),
        escape(book.lateness(shown)),
        f"{escape(_('edited'))} {_time(edited, book.time(edited))}" if edited else "",
        escape(f"★ {_('highlighted by the hosts')}") if comment.highlighted_at else "",
        escape(helpful_to(shown)),
    ]
    quote, answered = shown.quote, ""
    if quote and quote.name:  # what is hidden has none, and stands in no file
        answered = f"<p><small>↩ <a href='#c{quote.id}'>{escape(quote.name)}</a></small></p>"
    link = f"<a href='{escape(permalink(book.site, book.discussion, shown))}'>#</a>"
    return (
        f"<article id=c{comment.id}><b><bdi>{escape(face.name)}</bdi></b> "
        f"<small>{' · '.join(filter(None, facts))} {link}</small>{answered}{comment.html}</article>\n"
    )


def _by_question(
    discussion: Discussion, site: str, marks: tuple[str, str, str, str], words: Callable[[str, str], str]
) -> Iterator[str]:
    """Yield the transcript by question; `words` makes of a text's source and its HTML what the file says."""
    title, section, person, link = marks
    book = Book(discussion, Scene.of(discussion), site)
    about = words(discussion.intro, discussion.intro_html)
    head = f"{book.when()}\n{address(site, discussion)}"
    yield f"{title}{discussion.title}\n\n{head}\n\n{about}\n\n"
    yield _note(words(discussion.editors_note, discussion.editors_note_html))
    yield _summary(words(discussion.summary, discussion.summary_html))
    for question, comments in sections(book.scene):
        summary = words(question.summary, question.summary_html) if question else ""
        yield f"{section}{heading(question)}\n\n{_summary(summary)}"
        for shown in comments:
            said = words(shown.comment.source, shown.comment.html)
            yield f"{person}{_by(book, shown)}\n{link.format(permalink(site, discussion, shown))}\n\n{said}\n\n"


def _by(book: Book, shown: Shown) -> str:
    """Return who wrote a comment, from where and when, and what else is to be known of it, in one line."""
    facts = [
        f"{shown.face.name} ({role(shown.face.role)})" if shown.face.role else shown.face.name,
        book.whence(shown.face),
        book.time(shown.comment.posted_at),
        _("to %(name)s", name=shown.quote.name) if shown.quote and shown.quote.name else "",
        typed_by(shown),
        book.lateness(shown),
        book.edited(shown),
        _("highlighted by the hosts") if shown.comment.highlighted_at else "",
        helpful_to(shown),
    ]
    return ", ".join(filter(None, facts))


def heading(question: Question | None) -> str:
    """Return number and words of a question, with the credit of one that came from the audience."""
    if question is None:
        return str(_("General remarks"))
    words = f"Q{question.number}: {question.text}"
    if not question.is_from_audience:
        return words
    credit = _("asked for %(name)s", name=question.asked_for or _("a reader"))
    return f"{words} ({credit})"


def sections(scene: Scene) -> Iterator[tuple[Question | None, Iterator[Shown]]]:
    """Yield each question that was asked, None for the general remarks, with its comments that can be read."""
    for part in transcript.parts(scene):
        if part.question is not None or scene.tally.answers[None]:
            yield part.question, _published(part.comments)


def _published(comments: Iterator[Shown]) -> Iterator[Shown]:
    return (shown for shown in comments if shown.is_published)


def _note(words: str) -> str:
    return f"{_('Editor’s note.')}\n\n{words}\n\n" if words else ""


def _note_html(html: str) -> str:
    return f"<p><b>{escape(_('Editor’s note.'))}</b></p>{html}" if html else ""


def _summary(words: str) -> str:
    return f"{_('Summary by the hosts')}\n\n{words}\n\n" if words else ""


def _summary_html(html: str) -> str:
    return f"<p><b>{escape(_('Summary by the hosts'))}</b></p>{html}" if html else ""


def permalink(site: str, discussion: Discussion, shown: Shown) -> str:
    """Return the address of one comment, which never changes."""
    return f"{address(site, discussion)}/c/{shown.comment.id}"


def _taken(out: io.StringIO) -> str:
    said = out.getvalue()
    out.seek(0)
    out.truncate()
    return said
