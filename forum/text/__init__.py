"""Words: Markdown into safe HTML, clean input, excerpts, and names that imitate other names."""

from forum.text.avatar import hue, initials
from forum.text.characters import for_xml
from forum.text.cleaning import TextFault, clean_body, clean_line, clean_text, without_controls
from forum.text.lookalikes import has_badge_word, looks_like, looks_of
from forum.text.markdown import render
from forum.text.mentions import Mention, named, sign_of
from forum.text.rendered import addressed, excerpt, is_long, plain, shows_something

__all__ = [
    "Mention",
    "TextFault",
    "addressed",
    "clean_body",
    "clean_line",
    "clean_text",
    "excerpt",
    "for_xml",
    "has_badge_word",
    "hue",
    "initials",
    "is_long",
    "looks_like",
    "looks_of",
    "named",
    "plain",
    "render",
    "shows_something",
    "sign_of",
    "without_controls",
]
