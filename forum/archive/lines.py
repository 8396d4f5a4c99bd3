"""Where in a JSON text each value stands, so that a fault can be told with its line."""

import json
import re
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_PLAIN = re.compile(r"[-+0-9.eE]+|true|false|null")

Path = tuple[str | int, ...]


class Lines:
    """The lines of every value of one JSON text, by path: ("seats", 2, "email") → 41."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: dict[Path, int] = {}
        self._called: dict[Path, Path] = {}
        self.doubled: list[Path] = []
        self._at = self._counted = 0
        self._line = 1
        self._value((), 0)

    def call(self, path: Path, name: Path) -> None:
        """Remember that what we know as `path` stands in the text at `name`."""
        self._called[path] = name

    def of(self, path: Path) -> int:
        """Return the line of the value at `path`, or of the nearest thing around it."""
        path = self._written(path)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _written(self, path: Path) -> Path:
        """`path` under the names that the text uses."""
        if not path:
            return ()
        return self._called.get(path) or (*self._written(path[:-1]), path[-1])

    def _skip(self) -> str:
        match = _SPACE.match(self._source, self._at)
        self._at = match.end() if match else self._at
        self._line += self._source.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._source[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._source, self._at)
        if match is None:
            raise ValueError("not JSON")
        self._at = match.end()
        return match[0]

    def _value(self, path: Path, depth: int) -> None:
        if depth > 20:
            raise ValueError("nested too deeply")
        opening = self._skip()
        self._lines[path] = self._line
        if opening == '"':
            self._take(_STRING)
        elif opening in {"{", "["}:
            self._members(path, depth, opening)
        else:
            self._take(_PLAIN)

    def _members(self, path: Path, depth: int, opening: str) -> None:
        self._at += 1
        index = 0
        while self._skip() not in {"}", "]", ""}:
            if opening == "{":
                name: str | int = json.loads(self._take(_STRING))
                self._skip()
                self._at += 1
                if (*path, name) in self._lines:
                    self.doubled.append((*path, name))
            else:
                name = index
            self._value((*path, name), depth + 1)
            index += 1
            if self._skip() == ",":
                self._at += 1
        self._at += 1


def shown(path: Path) -> str:
    """Return a path as people read it: seats[2].email."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{_plain(part)}" for part in path)
    return words.removeprefix(".") or "the file"


def _plain(name: str) -> str:
    """A field's name from the file, which may hold anything, as a terminal can show it."""
    return (name if name.isprintable() else ascii(name)[1:-1])[:60]


def refuse_constants(name: str) -> Any:
    """JSON has no NaN and no Infinity. Raises ValueError."""
    raise ValueError(f"{name} is no JSON")
