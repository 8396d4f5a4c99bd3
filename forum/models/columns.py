"""Column kinds that several nouns share."""

from enum import StrEnum

from sqlalchemy import Enum, String


def choice(kind: type[StrEnum]) -> Enum:
    """Return a column type that stores `kind` by value with a CHECK, the same on SQLite and PostgreSQL."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=20,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class PictureName(String):
    """The name of a file in the data folder's media/, or nothing. Files that no such column names are deleted."""

    cache_ok = True
