"""Throwing away what is old, a part at a time. Runs inside `writing()`.

What is old, each kind says for itself, in its `forget_old`.
"""

from typing import Any

from sqlalchemy import Select, delete

from forum.database import db

# Whoever tidies keeps writers waiting for so many rows, and for no more.
MOST_AT_ONCE = 1_000


def throw_away(kind: type[Any], old: Select[int]) -> None:
    """Delete the rows of the model `kind` whose ids `old` finds, the first MOST_AT_ONCE of them."""
    some = old.order_by(kind.id).limit(MOST_AT_ONCE)
    db.session.execute(delete(kind).where(kind.id.in_(some)), execution_options={"synchronize_session": False})
