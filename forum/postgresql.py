"""Our lines to PostgreSQL. Imported only where PostgreSQL is used."""

from typing import Any

import psycopg


class Line(psycopg.Connection[Any]):
    """A connection that takes being cut off for a rollback: the server has forgotten what was not committed.

    Without this the tidying up after a request failed on a line that was cut after the commit, and turned the answer
    to a comment that was stored into a bare "500".
    """

    def rollback(self) -> None:
        """Roll back. Raises nothing when the line is gone; whoever asks for it next gets a new one."""
        try:
            super().rollback()
        except psycopg.OperationalError:
            if not self.closed:
                raise
