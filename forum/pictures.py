"""Pictures that people send: measured before they are decoded, drawn anew as WebP, kept under a name of our own."""

import hashlib
import re
from io import BytesIO
from pathlib import Path
from typing import IO

from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from forum.config import Settings
from forum.refusals import invalid

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
# More than this WebP cannot hold in a line or a column.
LONGEST_SIDE = 16_383
WIDEST, TALLEST = 1600, 2400
# A phone need not load what a desk shows.
NARROWER = (480, 900)
FACE = 288
LOGO_HEIGHT, LOGO_WIDTH = 96, 480


_PLAIN = re.compile(r"[0-9a-f]{32}\.webp\Z")
_SIZED = re.compile(r"([0-9a-f]{32})-w(\d{1,4})\.webp\Z")


def store(stream: IO[bytes], settings: Settings, *, square: int = 0, logo: bool = False) -> str:
    """Keep the picture in `stream` (PNG, JPEG or WebP) as WebP, at most WIDEST × TALLEST; return its file name.

    A wide one is kept in up to three sizes, which `sources` finds by its name.
    With `square`, its middle is kept, that many pixels wide and high: a face beside a name. A `logo` is made
    small enough for the bar on top, and what is see-through in it stays so.

    What is not a picture's own (place, camera, scripts) is left behind. Raises Refused (invalid: hero).
    """
    data = stream.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise invalid(hero=_("This picture is larger than 5 MB. Make it smaller and choose it again."))
    drawn = _drawn(data, "RGBA" if logo else "RGB")
    if square:
        drawn = ImageOps.fit(drawn, (square, square), centering=(0.5, 0.4))
    if logo:
        drawn.thumbnail((LOGO_WIDTH, LOGO_HEIGHT))
    drawn.thumbnail((WIDEST, TALLEST))
    return _kept(drawn, settings.data_dir / "media", in_sizes=not (square or logo))


def _drawn(data: bytes, mode: str) -> Image.Image:
    """Return the picture upright, in the colours of `mode`. Raises Refused (invalid: hero)."""
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > LARGEST_PIXELS or getattr(picture, "n_frames", 1) > 1:
                raise invalid(hero=_("Choose a still picture of at most 40 million pixels."))
            if max(picture.size) > LONGEST_SIDE:
                words = _(
                    "Choose a picture of at most %(most)s pixels in width and in height.", most=f"{LONGEST_SIDE:,}"
                )
                raise invalid(hero=words)
            return ImageOps.exif_transpose(picture).convert(mode)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise invalid(hero=_("This is no PNG, JPEG or WebP picture. Choose another file.")) from error


def _kept(drawn: Image.Image, folder: Path, *, in_sizes: bool) -> str:
    written = _webp(drawn)
    digest = hashlib.sha256(written).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{digest}.webp"
    if in_sizes:
        name = f"{digest}-w{drawn.width}.webp"
        for width in _narrower(drawn.width):
            small = drawn.resize((width, max(1, drawn.height * width // drawn.width)))
            (folder / f"{digest}-w{drawn.width}-{width}.webp").write_bytes(_webp(small))
    (folder / name).write_bytes(written)
    return name


def throw_away(name: str, settings: Settings) -> None:
    """Delete the file of a face or a logo; one that is gone already is no fault."""
    if _PLAIN.match(name):
        (settings.data_dir / "media" / name).unlink(missing_ok=True)


def sources(name: str) -> str:
    """Return the sizes in which the picture `name` is kept, as `srcset` has them; empty for one that has one size."""
    match = _SIZED.match(name)
    if match is None or not _narrower(int(match[2])):
        return ""
    small = [f"/media/{match[1]}-w{match[2]}-{width}.webp {width}w" for width in _narrower(int(match[2]))]
    return ", ".join([*small, f"/media/{name} {match[2]}w"])


def _narrower(width: int) -> list[int]:
    return [narrow for narrow in NARROWER if narrow < width]


def _webp(drawn: Image.Image) -> bytes:
    out = BytesIO()
    drawn.save(out, "WEBP", quality=80, method=4)
    return out.getvalue()
