"""A discussion for word processors: DOCX (ECMA-376), one long text that is written while it is sent.

A writer of our own, because the libraries build the whole document in memory first; what we need of the format is
paragraphs, links and one picture. Links are fields, so that no list of them has to wait until the end.
"""

import zipfile
from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from forum import clock
from forum.archive import book
from forum.archive import docx_parts as parts
from forum.archive.book import Book, Picture
from forum.archive.markup import Paragraph, Run, address, is_rtl, paragraphs, words
from forum.archive.readings import heading, permalink, sections
from forum.archive.zipped import Pipe, entry
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Discussion, Question

_AT_ONCE = 50
_EMU = 9525  # a pixel in the units of pictures
_WIDEST = 5_750_000  # the width of the text in them
_INDENT = 360


def pieces(discussion: Discussion, site: str) -> Iterator[bytes]:
    """Yield the document while it is written; `site` is the public address."""
    pipe, picture = Pipe(), book.picture(discussion)
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr(entry("[Content_Types].xml"), parts.TYPES)
        archive.writestr(entry("_rels/.rels"), parts.TOP)
        archive.writestr(entry("docProps/core.xml"), _core(discussion))
        archive.writestr(entry("word/styles.xml"), parts.styles(words(discussion.language)))
        archive.writestr(entry("word/footer1.xml"), parts.FOOTER)
        archive.writestr(entry("word/_rels/document.xml.rels"), parts.PARTS if picture else parts.PARTS_WITHOUT_PICTURE)
        if picture:
            archive.writestr(entry("word/media/hero.jpg", packed=False), picture.data)
        with archive.open(entry("word/document.xml"), "w") as text:
            for said in _text(Book(discussion, Scene.of(discussion), site), picture):
                text.write(said.encode())
                if ready := pipe.take():
                    yield ready
    yield pipe.take()


def _text(it: Book, picture: Picture | None) -> Iterator[str]:
    yield parts.BEGIN + _title(it, picture)
    for question, comments in sections(it.scene):
        yield _head(it, question)
        held: list[str] = []
        for shown in comments:
            held.append(_comment(it, shown))
            if len(held) == _AT_ONCE:
                yield "".join(held)
                held = []
        yield "".join(held)
    yield parts.END


def _title(it: Book, picture: Picture | None) -> str:
    d = it.discussion
    *facts, there = it.facts()
    said = [_plain(d.title, "Title"), *(_plain(line, "Facts") for line in facts)]
    said.append(_paragraph(Paragraph([Run(there, href=address(there, ""))]), "Facts"))
    if picture:
        said.append(_picture(picture, d.hero_alt))
        said.append(_plain(d.hero_credit, "Facts") if d.hero_credit else "")
    said += _body(d.intro_html, it.site)
    said += _note(d.editors_note_html, it.site)
    said += _summary(d.summary_html, it.site)
    if panel := it.panel():
        said.append(_plain(_("Panel"), "Heading2"))
        said += [_paragraph(Paragraph([Run(line)], mark="•")) for line in panel]
    return "".join(said)


def _head(it: Book, question: Question | None) -> str:
    said = [_plain(heading(question), "Heading1")]
    return "".join(said + (_summary(question.summary_html, it.site) if question else []))


def _note(html: str, site: str) -> list[str]:
    title = Paragraph([Run(_("Editor’s note."), bold=True)])
    return [_paragraph(title), *_body(html, site)] if html else []


def _summary(html: str, site: str) -> list[str]:
    return [_plain(_("Summary by the hosts"), "Heading2"), *_body(html, site)] if html else []


def _comment(it: Book, shown: Shown) -> str:
    runs = [Run(shown.face.name, bold=True), *(Run(f" · {fact}") for fact in it.facts_of(shown)), Run(" · ")]
    runs.append(Run(it.time(shown.comment.posted_at), href=address(permalink(it.site, it.discussion, shown), "")))
    said = [_paragraph(Paragraph(runs), "Speaker")]
    if shown.quote and shown.quote.name:
        said.append(_plain(f"↩ {shown.quote.name}: {shown.quote.words}", "Facts"))
    return "".join(said + _body(shown.comment.html, it.site))


def _body(html: str, site: str) -> list[str]:
    return [_paragraph(found) for found in paragraphs(html, site)]


def _plain(said: str, style: str) -> str:
    return _paragraph(Paragraph([Run(said)]), style)


def _paragraph(it: Paragraph, style: str = "") -> str:
    style = style or ("Quote" if it.quoted and not it.mark else "ListParagraph" if it.mark else "")
    rtl = is_rtl(it.said)
    looks = f'<w:pStyle w:val="{style}"/>' if style else ""
    looks += "<w:bidi/>" if rtl else ""
    if it.mark:
        looks += f'<w:ind w:left="{_INDENT * max(1, it.depth)}" w:hanging="{_INDENT}"/>'
    elif it.depth:
        looks += f'<w:ind w:left="{_INDENT * it.depth}"/>'
    mark = [Run(f"{it.mark}\t")] if it.mark else []
    return f"<w:p><w:pPr>{looks}</w:pPr>{''.join(_run(run, rtl) for run in mark + it.runs)}</w:p>"


def _run(run: Run, rtl: bool) -> str:
    looks = '<w:rStyle w:val="Hyperlink"/>' if run.href else ""
    looks += '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Courier New"/>' if run.fixed else ""
    looks += ("<w:b/><w:bCs/>" if run.bold else "") + ("<w:i/><w:iCs/>" if run.italic else "")
    looks += "<w:rtl/>" if rtl else ""
    inner = "<w:br/>".join(
        "<w:tab/>".join(f'<w:t xml:space="preserve">{words(part)}</w:t>' for part in line.split("\t"))
        for line in run.said.split("\n")
    )
    said = f"<w:r><w:rPr>{looks}</w:rPr>{inner}</w:r>"
    if not run.href:
        return said
    # Neither quotation marks nor backslashes stand in an address (`markup.address`), so nothing ends the field's words.
    return f'<w:fldSimple w:instr="{words(f" HYPERLINK {chr(34)}{run.href}{chr(34)} ")}">{said}</w:fldSimple>'


def _picture(picture: Picture, alt: str) -> str:
    width = min(picture.width * _EMU, _WIDEST)
    height = width * picture.height // picture.width
    size, name = f'cx="{width}" cy="{height}"', f'id="1" name="Picture" descr="{words(alt)}"'
    return (
        '<w:p><w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f"<wp:extent {size}/><wp:docPr {name}/><a:graphic>"
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr {name}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId3"/><a:stretch>'
        f'<a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )


def _core(discussion: Discussion) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties'
        ' xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{words(discussion.title)}</dc:title><dc:creator>{words(discussion.hosted_by)}</dc:creator>"
        f"<dc:language>{words(discussion.language)}</dc:language>"
        f"{_moment('created', discussion.starts_at)}{_moment('modified', clock.now())}</cp:coreProperties>"
    )


def _moment(name: str, at: datetime) -> str:
    return f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{clock.in_utc(at)}</dcterms:{name}>'
