"""Forms as they are sent, taken apart: no larger than a form of ours is, and of no more fields than one has."""

from io import BytesIO
from typing import IO, TYPE_CHECKING

import flask
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

if TYPE_CHECKING:
    from werkzeug.formparser import t_parse_result

URLENCODED = "application/x-www-form-urlencoded"
# What is brought in has the most: of 2,000 comments seven at most have one each. As many are read in 0.1 s.
_MOST_FIELDS = 20_000


class _Parser(FormDataParser):
    """Werkzeug's, with bounds for an urlencoded form: that is taken apart in one piece, and nobody else has a turn.

    3 MB of separators alone took 3 s, and 6 MB of letters that are none as long as 6 s.
    """

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> "t_parse_result":
        """Return the form of `stream`. Raises RequestEntityTooLarge."""
        if mimetype == URLENCODED:
            most = self.max_form_memory_size
            if most is not None and (content_length or 0) > most:
                raise RequestEntityTooLarge
            sent = stream.read()
            if (most is not None and len(sent) > most) or sent.count(b"&") >= _MOST_FIELDS:
                raise RequestEntityTooLarge
            stream = BytesIO(sent)
        return super().parse(stream, mimetype, content_length, options)


class Request(flask.Request):
    """A request whose form is bounded however it is written."""

    form_data_parser_class = _Parser
