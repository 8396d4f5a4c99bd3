"""Whether what was said to the database could have changed it: cheaper to ask than what all its tables hold."""

_READING = ("SELECT", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "SHOW", "PRAGMA")


def may_have_written(made: list[str]) -> bool:
    """Whether any of `made`, as the fixture `statements` gathers them, is more than a question.

    Where none is, no row is another than before. Where one is, look: it may have been rolled back, or may be allowed.
    """
    return any(not statement.lstrip().upper().startswith(_READING) for statement in made)
