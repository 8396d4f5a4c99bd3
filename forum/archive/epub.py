"""A discussion as a book for e-readers: EPUB 3, a chapter for each question, every part of it small.

https://www.w3.org/TR/epub-33/. What is in it is what the other readings have; only their form differs.
"""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from forum import clock
from forum.archive import book
from forum.archive.book import Book, address
from forum.archive.markup import is_rtl, words, xhtml
from forum.archive.readings import heading, permalink, sections
from forum.archive.zipped import WholeEntries, entry
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Discussion, Question

# E-readers lay a part out whole: so many comments are some 100 KB.
IN_ONE_PART = 100

_CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_STYLE = (
    "body{line-height:1.5}h1,h2{line-height:1.2}article{border-top:1px solid #999;padding:.5em 0;margin:.5em 0}"
    ".facts,.by small,nav small{font-size:.85em}.by{margin:0;page-break-after:avoid;break-after:avoid}"
    "blockquote{margin-inline:1em;border-inline-start:3px solid #999;padding-inline-start:.6em}"
    "img{max-width:100%}.summary{border:1px solid #999;padding:.2em .8em}pre{white-space:pre-wrap}"
)


@dataclass
class _Contents:
    """What has been written: files in the order of reading, chapters for the list of contents, where a comment is."""

    files: list[str] = field(default_factory=list)
    chapters: list[tuple[str, str]] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)


def pieces(discussion: Discussion, site: str) -> Iterator[bytes]:
    """Yield the book while it is written; `site` is the public address."""
    pipe, made = WholeEntries(), _Contents()
    picture = book.picture(discussion)
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr(entry("mimetype", packed=False), "application/epub+zip")
        archive.writestr(entry("META-INF/container.xml"), _CONTAINER)
        archive.writestr(entry("EPUB/style.css"), _STYLE)
        if picture:
            archive.writestr(entry("EPUB/hero.jpg", packed=False), picture.data)
        for name, page in _pages(Book(discussion, Scene.of(discussion), site), made, has_picture=picture is not None):
            archive.writestr(entry(f"EPUB/{name}"), page)
            yield pipe.take()
        archive.writestr(entry("EPUB/nav.xhtml"), _navigation(discussion, made))
        archive.writestr(entry("EPUB/package.opf"), _package(discussion, site, made, has_picture=picture is not None))
    yield pipe.take()


def _pages(it: Book, made: _Contents, *, has_picture: bool) -> Iterator[tuple[str, str]]:
    made.files.append("title.xhtml")
    made.chapters.append(("title.xhtml", it.discussion.title))
    yield "title.xhtml", _page(it.discussion, it.discussion.title, _title(it, has_picture))
    for question, comments in sections(it.scene):
        for name, head, part in _parts(question, comments, made, it.site):
            said = "".join(_comment(it, shown, name, made) for shown in part)
            yield name, _page(it.discussion, heading(question), f"<section>{head}{said}</section>")


def _parts(
    question: Question | None, comments: Iterator[Shown], made: _Contents, site: str
) -> Iterator[tuple[str, str, list[Shown]]]:
    """Yield the files of one question: name, what stands on top, comments."""
    number = 0
    while (part := list(islice(comments, IN_ONE_PART))) or number == 0:
        number += 1
        name = (f"q{question.number}" if question else "general") + (f"-{number}" if number > 1 else "") + ".xhtml"
        made.files.append(name)
        head = f"<h1{_way(heading(question))}>{words(heading(question))}</h1>"
        if number == 1:
            head += _summary(question.summary_html, site) if question else ""
            made.chapters.append((name, heading(question)))
        else:
            head = f"<p class='facts'{_way(heading(question))}>{words(heading(question))} ({number})</p>"
        yield name, head, part


def _title(it: Book, has_picture: bool) -> str:
    d = it.discussion
    picture = f"<figure><img src='hero.jpg' alt=\"{words(d.hero_alt)}\"/>" if has_picture else ""
    if picture:
        picture += (f"<figcaption>{words(d.hero_credit)}</figcaption>" if d.hero_credit else "") + "</figure>"
    facts = "".join(f"<p class='facts'>{line}</p>" for line in it.facts_html())
    panel = "".join(f"<li>{words(line)}</li>" for line in it.panel())
    people = f"<h2>{words(_('Panel'))}</h2><ul>{panel}</ul>" if panel else ""
    return (
        f"<header><h1{_way(d.title)}>{words(d.title)}</h1>{facts}</header>{picture}{xhtml(d.intro_html, it.site)}"
        f"{_note(d.editors_note_html, it.site)}{_summary(d.summary_html, it.site)}{people}"
    )


def _note(html: str, site: str) -> str:
    return f"<p><b>{words(_('Editor’s note.'))}</b></p>{xhtml(html, site)}" if html else ""


def _summary(html: str, site: str) -> str:
    return f"<div class='summary'><h2>{words(_('Summary by the hosts'))}</h2>{xhtml(html, site)}</div>" if html else ""


def _comment(it: Book, shown: Shown, name: str, made: _Contents) -> str:
    comment, quote = shown.comment, shown.quote
    made.places[comment.id] = name
    link = words(permalink(it.site, it.discussion, shown))
    at = clock.in_utc(comment.posted_at)
    answered = ""
    if quote and quote.name:
        place = made.places.get(quote.id)
        there = f"{place}#c{quote.id}" if place else f"{address(it.site, it.discussion)}/c/{quote.id}"
        answered = f"<p class='facts'>↩ <a href=\"{words(there)}\">{words(quote.name)}</a></p>"
    facts = "".join(f" · {words(fact)}" for fact in it.facts_of(shown))
    return (
        f"<article id='c{comment.id}'><p class='by'><b><bdi>{words(shown.face.name)}</bdi></b><small>{facts} · "
        f"<a href=\"{link}\"><time datetime='{at}'>{words(it.time(comment.posted_at))}</time></a>"
        f"</small></p>{answered}{xhtml(comment.html, it.site)}</article>\n"
    )


def _page(discussion: Discussion, title: str, body: str) -> str:
    language = words(discussion.language)
    way = ' dir="rtl"' if is_rtl(discussion.title) else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f' lang="{language}" xml:lang="{language}"{way}><head><title>{words(title)}</title>'
        f'<link rel="stylesheet" type="text/css" href="style.css"/></head><body>{body}</body></html>\n'
    )


def _navigation(discussion: Discussion, made: _Contents) -> str:
    lines = "".join(f"<li><a href='{name}'>{words(title)}</a></li>" for name, title in made.chapters)
    title = _("Contents")  # `make words` finds no sentence that is said inside an f-string alone
    body = f"<nav epub:type='toc' role='doc-toc'><h1>{words(title)}</h1><ol>{lines}</ol></nav>"
    return _page(discussion, discussion.title, body)


def _package(discussion: Discussion, site: str, made: _Contents, *, has_picture: bool) -> str:
    files = [("nav", "nav.xhtml", "application/xhtml+xml", "nav"), ("style", "style.css", "text/css", "")]
    files += [("hero", "hero.jpg", "image/jpeg", "cover-image")] if has_picture else []
    files += [(f"f{at}", name, "application/xhtml+xml", "") for at, name in enumerate(made.files)]
    manifest = "".join(
        f'<item id="{one}" href="{href}" media-type="{kind}"' + (f' properties="{what}"/>' if what else "/>")
        for one, href, kind, what in files
    )
    spine = "".join(f'<itemref idref="f{at}"/>' for at in range(len(made.files)))
    way = ' page-progression-direction="rtl"' if is_rtl(discussion.title) else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id" xml:lang="{words(discussion.language)}">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{_metadata(discussion, site, has_picture)}</metadata>'
        f"<manifest>{manifest}</manifest><spine{way}>{spine}</spine></package>\n"
    )


def _metadata(discussion: Discussion, site: str, has_picture: bool) -> str:
    scene = Scene.of(discussion)
    hosts = [discussion.hosted_by] if discussion.hosted_by else [f.name for f in scene.seated if f.role == "host"]
    dublin: Iterable[tuple[str, str]] = [
        ("title", discussion.title),
        ("language", discussion.language),
        ("source", address(site, discussion)),
        ("date", f"{discussion.starts_at.astimezone(ZoneInfo(discussion.time_zone)):%Y-%m-%d}"),
        *(("creator", name) for name in hosts),
        *(("contributor", face.name) for face in scene.seated if face.is_panel),
    ]
    access = [
        ("accessMode", "textual"),
        *([("accessMode", "visual"), ("accessibilityFeature", "alternativeText")] if has_picture else []),
        ("accessModeSufficient", "textual"),
        *(("accessibilityFeature", f) for f in ("structuralNavigation", "tableOfContents", "readingOrder")),
        ("accessibilityHazard", "none"),
        ("accessibilitySummary", _("Text with headings, a list of contents and a link to every comment.")),
    ]
    return (
        f'<dc:identifier id="id">{words(address(site, discussion))}</dc:identifier>'
        + "".join(f"<dc:{name}>{words(said)}</dc:{name}>" for name, said in dublin)
        + f'<meta property="dcterms:modified">{clock.in_utc(clock.now())}</meta>'
        + "".join(f'<meta property="schema:{name}">{words(said)}</meta>' for name, said in access)
    )


def _way(said: str) -> str:
    return f' dir="{"rtl" if is_rtl(said) else "ltr"}"'
