"""Markdown into safe HTML.

It is read with `html=False`, cleaned by bleach (the owner's choice; it reached its end of life in June 2026) and then
by nh3, which has the last word and sets `rel` on links.
"""

import re
from collections.abc import Mapping
from functools import cache
from html import escape

import nh3
from bleach.sanitizer import Cleaner
from markdown_it import MarkdownIt
from markdown_it.token import Token

from forum.text.mentions import LINK_REL, Mention, link_mentions

_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr"}
_ATTRIBUTES = {
    "a": {"href", "class", "data-user"},
    "p": {"dir"},
    "li": {"dir"},
    "blockquote": {"dir"},
    "ol": {"start"},
}
_SCHEMES = {"http", "https", "mailto"}
_DIRECTED = {"paragraph_open", "list_item_open", "blockquote_open"}
# Deeper nesting is not writing but an attempt on the renderer; markdown-it then shows the rest as text.
_DEEPEST = 20
# Past this many of the characters that markup is made of, the text is shown as it was typed (see `render`).
_MOST_MARKS = 2_500
_MARKS = re.compile(r"[*_\[\]!<>`&@]")
# Nor is writing what has so many lines, or so much that could be an address: each costs the parser, or bleach, a look.
_MOST_LINES = 1_000
_MOST_ADDRESSES = 300
_ADDRESSES = re.compile(r"://|(?<=\w)[.@](?=\w)")


def render(source: str, mentions: Mapping[str, Mention] | None = None) -> str:
    """Return `source` (Markdown) as safe HTML. `mentions` maps names to the people that `@Name` may link to.

    The time is bounded: a text that is mostly markup signs is shown as typed, because CommonMark's rules for them
    cost the square of their number (measured on the pathological corpora at 10,000 characters). So is one of hundreds
    of lines or addresses: 2,000 times `a://[` held the process for 1.9 s.
    """
    if (
        len(_MARKS.findall(source)) > _MOST_MARKS
        or source.count("\n") > _MOST_LINES
        or len(_ADDRESSES.findall(source)) > _MOST_ADDRESSES
    ):
        return _as_typed(source)
    source = re.sub(r"(?m)^([ \t]*)[•‣▪]\s+", r"\1- ", source)
    try:
        tokens = _parser().parse(source)
    except (RecursionError, ValueError, IndexError):
        return _as_typed(source)
    _soften(tokens)
    if mentions:
        link_mentions(tokens, mentions)
    parser = _parser()
    return clean_html(parser.renderer.render(tokens, parser.options, {}))


def clean_html(html: str) -> str:
    """Return `html` with nothing in it but what a comment may hold."""
    return _last_word(_cleaner().clean(html))


def _last_word(html: str) -> str:
    cleaned: str = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=LINK_REL,
        allowed_classes=None,
    )
    return cleaned


def _as_typed(source: str) -> str:
    paragraphs = [escape(part).replace("\n", "<br>") for part in re.split(r"\n{2,}", source) if part.strip()]
    # There is nothing in it but letters and these two elements; bleach would take a second for thousands of them.
    return _last_word("".join(f'<p dir="auto">{part}</p>' for part in paragraphs))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": _DEEPEST})
    parser.enable("linkify")
    parser.disable(["image", "html_block", "html_inline", "reference"])
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_ip": False, "fuzzy_email": True, "fuzzy_link": True})
    return parser


@cache
def _cleaner() -> Cleaner:
    return Cleaner(
        tags=_TAGS,
        attributes={tag: sorted(names) for tag, names in _ATTRIBUTES.items()},
        protocols=_SCHEMES,
        strip=True,
    )


def _soften(tokens: list[Token]) -> None:
    """Make headings bold paragraphs, and let every block find its own direction."""
    for index, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            opening = token.type == "heading_open"
            token.type, token.tag = ("paragraph_open", "p") if opening else ("paragraph_close", "p")
            if opening and tokens[index + 1].children is not None:
                inner = tokens[index + 1]
                inner.children = [
                    Token("strong_open", "strong", 1),
                    *(inner.children or []),
                    Token("strong_close", "strong", -1),
                ]
        if token.type in _DIRECTED:
            token.attrSet("dir", "auto")
