"""Mentions: `@Name` in a text becomes a link to the person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markdown_it.token import Token

# The rest of the opening tag of each link (markdown.py). In cleaned HTML, text has no ">" and an address no quotation
# mark: nobody can type it.
LINK_REL = "nofollow ugc noopener"
_NAMED = re.compile(rf'<a [^<>]*data-user="(\d{{1,9}})" rel="{LINK_REL}">')


@dataclass(frozen=True)
class Mention:
    """Somebody who can be mentioned: their name, where the mention leads, and their account's id."""

    name: str
    href: str
    user_id: int | None


def link_mentions(tokens: list[Token], mentions: Mapping[str, Mention]) -> None:
    """Make links, in the tokens of a parsed text, of what mentions somebody; not in code or in other links."""
    pattern, people = _pattern(mentions)
    for block in tokens:
        if block.type != "inline" or "@" not in block.content:
            continue
        children: list[Token] = []
        inside_link = 0
        for child in block.children or []:
            inside_link += (child.type == "link_open") - (child.type == "link_close")
            if child.type == "text" and not inside_link:
                children.extend(_split(child, pattern, people))
            else:
                children.append(child)
        block.children = children


def named(html: str) -> list[int]:
    """Return the accounts' ids of whom cleaned `html` mentions, in their order."""
    return [int(number) for number in _NAMED.findall(html)]


def sign_of(user_id: int) -> str:
    """Return what cleaned HTML has in it if, and only if, it mentions the account with this id."""
    return f' data-user="{user_id}" rel="{LINK_REL}">'


def _pattern(mentions: Mapping[str, Mention]) -> tuple[re.Pattern[str], dict[str, Mention]]:
    """Full names, and first names that only one person has; longest first."""
    people = {name.casefold(): mention for name, mention in mentions.items()}
    firsts: dict[str, list[Mention]] = {}
    for name, mention in mentions.items():
        firsts.setdefault(name.split()[0].casefold(), []).append(mention)
    for first, found in firsts.items():
        if len(found) == 1:
            people.setdefault(first, found[0])
    names = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True))
    return re.compile(rf"(?<!\w)@({names})(?!\w)", re.IGNORECASE), people


def _split(token: Token, pattern: re.Pattern[str], people: Mapping[str, Mention]) -> list[Token]:
    parts: list[Token] = []
    at = 0
    for match in pattern.finditer(token.content):
        mention = people.get(match[1].casefold())
        if mention is None:
            continue
        attributes: dict[str, str | int | float] = {"class": "mention", "href": mention.href}
        if mention.user_id is not None:
            attributes["data-user"] = str(mention.user_id)
        opening = Token("link_open", "a", 1, attrs=attributes)
        parts += [_text(token.content[at : match.start()]), opening, _text(match[0]), Token("link_close", "a", -1)]
        at = match.end()
    return [*parts, _text(token.content[at:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
