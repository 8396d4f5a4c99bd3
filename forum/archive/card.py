"""The picture that other sites show beside a link: title and name of the site, 1200 × 630 (OpenGraph's usual size)."""

from functools import lru_cache
from io import BytesIO
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
_MOST_LINES = 5


@lru_cache(maxsize=64)
def draw(title: str, site: str) -> bytes:
    """Return a PNG. Letters that Pillow's own typeface lacks are left to the words that stand beside the picture."""
    card = Image.new("RGB", SIZE, "#f6f7f5")
    pen = ImageDraw.Draw(card)
    pen.rectangle((80, 80, 98, 180), fill="#16191c")
    for top, width, colour in ((80, 110, "#f2b430"), (122, 86, "#16191c"), (162, 60, "#16191c")):
        pen.rectangle((116, top, 116 + width, top + 18), fill=colour)
    if _can_write(title):
        size = 68 if len(title) < 60 else 52 if len(title) < 130 else 42
        lines = wrap(title, round(2000 / size))
        if len(lines) > _MOST_LINES:
            lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + " …"]
        pen.multiline_text(
            (80, 230), "\n".join(lines), fill="#16191c", font=ImageFont.load_default(size), spacing=size // 4
        )
    if _can_write(site):
        pen.text((250, 108), site, fill="#454b50", font=ImageFont.load_default(40))
    out = BytesIO()
    card.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _can_write(words: str) -> bool:
    """Pillow's built-in typeface has the Latin letters."""
    return all(ord(letter) < 0x250 or letter in "–—‘’“”…" for letter in words)
