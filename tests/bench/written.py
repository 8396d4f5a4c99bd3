"""A discussion as people write them: many comments of varied length, with lists, links and replies, stored at once."""

import random
import re
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from forum import clock, text
from forum.database import db, writing
from forum.demo import lines, make
from forum.models import Comment, CommentState, Discussion, SeatRole
from tests.house import House

_AT_ONCE = 500
# Past so many they are repeated: rendering 100,000 is another measurement too.
_MOST_TEXTS = 3000
_SAMPLE = Path(make.__file__).parent / "sample.json"
_WORDS = sorted(set(re.findall(r"[A-Za-z’']+", " ".join(lines.LINES) + _SAMPLE.read_text())))


def fill(house: House, discussion: Discussion, count: int, seed: int = 7) -> None:
    """Give `discussion`, which has questions asked, `count` comments by thirty members and its panel.

    They are written as rows: posting 20,000 of them one by one is another measurement.
    """
    chance = random.Random(seed)
    writers = [house.user(f"{_name(chance)} {_name(chance)}") for _ in range(30)]
    writers += [seat.user for seat in discussion.seats if seat.role is SeatRole.PANELIST]
    authors = [writer.id for writer in writers]
    texts = [(body, text.render(body)) for body in (a_text(chance) for _ in range(min(count, _MOST_TEXTS)))]
    now = clock.now()
    with writing():
        questions = [question.id for question in discussion.questions if question.number]
        said: list[int] = []
        for first in range(0, count, _AT_ONCE):
            rows = []
            for number in range(first, min(first + _AT_ONCE, count)):
                source, html = texts[number % len(texts)]
                rows.append(
                    {
                        "discussion_id": discussion.id,
                        "question_id": questions[min(number * len(questions) // count, len(questions) - 1)],
                        "author_id": chance.choice(authors),
                        "reply_to_id": chance.choice(said) if said and chance.random() < 0.25 else None,
                        "key": f"written{number}",
                        "source": source,
                        "html": html,
                        "state": CommentState.PUBLISHED,
                        "posted_at": now + timedelta(milliseconds=number),
                    }
                )
            said = list(db.session.scalars(insert(Comment).returning(Comment.id), rows))


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(("ka", "le", "mi", "no", "ru", "sa", "to", "vi")) for _ in range(3)).title()


def _sentence(chance: random.Random, size: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(size)).capitalize() + "."


def a_text(chance: random.Random) -> str:
    """Return a comment: one to four sentences; one in eight has a list, one in six a link."""
    parts = [" ".join(_sentence(chance, chance.randint(5, 18)) for _ in range(chance.randint(1, 4)))]
    if chance.random() < 0.125:
        parts.append("\n".join(f"- {_sentence(chance, chance.randint(3, 9))}" for _ in range(3)))
    if chance.random() < 0.17:
        parts.append(f"See https://example.org/{chance.choice(_WORDS).strip('.,').lower()}/{chance.randint(1, 999)}")
    return "\n\n".join(parts)


def a_long_text(chance: random.Random) -> str:
    """Return an answer as panelists write them, about a thousand characters: paragraphs, a list, a quote, links."""
    parts = [" ".join(_sentence(chance, chance.randint(8, 18)) for _ in range(chance.randint(2, 4))) for _ in range(3)]
    words = parts[0].split()
    words[3], words[8] = f"**{words[3]}**", f"*{words[8]}*"
    parts[0] = " ".join(words)
    parts.insert(1, "\n".join(f"- {_sentence(chance, chance.randint(6, 14))}" for _ in range(3)))
    if chance.random() < 0.5:
        parts.append(f"> {_sentence(chance, 12)}")
    number = chance.randint(1, 999)
    parts.append(f"See [the report](https://example.org/{number}) and https://example.org/{number}/figures")
    return "\n\n".join(parts)
