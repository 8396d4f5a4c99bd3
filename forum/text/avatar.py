"""What stands for a person without a picture: their initials, on a tint of their own."""

import re
import zlib


def initials(name: str) -> str:
    """Return one or two letters for a person without a picture, in any script."""
    words: list[str] = re.findall(r"[^\W\d_]+", name)
    if not words:
        return name[:1].upper() or "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(name: str) -> int:
    """Return the tint (1 to 6) of a person's initials; the same name always has the same."""
    return zlib.crc32(name.encode("utf-8", "replace")) % 6 + 1
