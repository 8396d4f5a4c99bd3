"""Pictures that people send: measured before they are decoded, drawn anew as WebP, kept under a name of our own."""

import hashlib
import logging
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO

from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Column, select, union

from forum import clock
from forum.config import Settings
from forum.database import Base, db
from forum.models.columns import PictureName
from forum.refusals import invalid

log = logging.getLogger("roundtext.pictures")

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_PIXELS = 40_000_000
# More than this WebP cannot hold in a line or a column.
LONGEST_SIDE = 16_383
WIDEST, TALLEST = 1600, 2400
# A phone need not load what a desk shows.
NARROWER = (480, 900)
FACE = 288
# A page that was loaded before may still ask for a picture that was replaced, and a form that is being sent name it.
KEPT_FOR = timedelta(days=1)
STRAYS_KEPT_FOR = timedelta(days=7)
LOGO_HEIGHT, LOGO_WIDTH = 96, 480


# How a picture is turned upright, by what its camera says of it (EXIF, tag 0x0112).
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PLAIN = re.compile(r"[0-9a-f]{32}\.webp\Z")
_SIZED = re.compile(r"([0-9a-f]{32})-w(\d{1,4})\.webp\Z")
_NARROWER = re.compile(r"([0-9a-f]{32}-w\d{1,4})-\d{1,4}\.webp\Z")
_REPLACED = ".replaced"


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
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
            picture: Image.Image = opened
            if picture.width * picture.height > LARGEST_PIXELS or getattr(picture, "n_frames", 1) > 1:
                raise invalid(hero=_("Choose a still picture of at most 40 million pixels."))
            if max(picture.size) > LONGEST_SIDE:
                words = _(
                    "Choose a picture of at most %(most)s pixels in width and in height.", most=f"{LONGEST_SIDE:,}"
                )
                raise invalid(hero=words)
            if picture.mode == "P":
                picture = picture.convert("RGBA")
            # Made small before it is copied: forty million pixels take 160 MB each time.
            picture.thumbnail((max(WIDEST, TALLEST), max(WIDEST, TALLEST)))
            return _upright(picture).convert(mode)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise invalid(hero=_("This is no PNG, JPEG or WebP picture. Choose another file.")) from error


def _upright(picture: Image.Image) -> Image.Image:
    """Return `picture` turned as its camera says; as it is where that cannot be read.

    Pillow's own `exif_transpose` writes all that the camera has said anew, and fails where any of it is damaged.
    """
    way = None
    # In what way it is damaged, decides what Pillow raises; the picture beside it is whole.
    with suppress(Exception):
        way = _UPRIGHT.get(picture.getexif().get(_ORIENTATION, 1))
    return picture if way is None else picture.transpose(way)


def _kept(drawn: Image.Image, folder: Path, *, in_sizes: bool) -> str:
    written = _webp(drawn)
    digest = hashlib.sha256(written).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{digest}.webp"
    if in_sizes:
        name = f"{digest}-w{drawn.width}.webp"
        for width in _narrower(drawn.width):
            small = drawn.resize((width, max(1, drawn.height * width // drawn.width)))
            _put(_webp(small), folder / f"{digest}-w{drawn.width}-{width}.webp")
    _put(written, folder / name)
    (folder / f"{name}{_REPLACED}").unlink(missing_ok=True)  # the same picture was in use, was replaced, and comes back
    return name


def _put(data: bytes, file: Path) -> None:
    """Have `data` in `file`, whole or not at all: the same picture may be shown already, and the disk be full."""
    if file.is_file() and file.read_bytes() == data:
        return
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(data)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def throw_away(name: str, settings: Settings) -> None:
    """Delete the files of a picture of ours, in all its sizes; one that is gone already is no fault."""
    if not is_ours(name):
        return
    folder, match = settings.data_dir / "media", _SIZED.match(name)
    narrower = _narrower(int(match[2])) if match else []
    for file in (name, *(f"{name.removesuffix('.webp')}-{width}.webp" for width in narrower), f"{name}{_REPLACED}"):
        (folder / file).unlink(missing_ok=True)


def set_aside(name: str, settings: Settings) -> None:
    """Note that `name` was replaced, after the commit: `forget_unused` deletes it when it is nobody's any more.

    Whatever is not noted here is found there, and stays for longer.
    """
    if is_ours(name):
        _mark(_mark_of(name, settings), clock.now())


def forget_unused(settings: Settings) -> None:
    """Delete the pictures that no row has named since KEPT_FOR after they were replaced, or for STRAYS_KEPT_FOR.

    A stray is what nobody has set aside: its form was refused, two hosts replaced the same picture, its draft is gone.
    It waits from when it was first found so, whatever its age: a folder or a database that is being put back, or that
    is for some days that of another time, costs no picture. Whatever is named again starts anew.
    """
    files = {path.name for path in (settings.data_dir / "media").glob("*")}
    # Read after the folder: a picture that is stored and named meanwhile is not among the files.
    found, named = {_whole(file) for file in files}, _named_by_rows()
    for name in filter(is_ours, found):
        mark, is_marked = _mark_of(name, settings), f"{name}{_REPLACED}" in files
        if name in named and not is_marked:
            continue
        # The same picture can have come back meanwhile, for what is not stored yet: then its mark is gone. So it is
        # read only here, after the rows. Gone is also what another process was faster with.
        with suppress(OSError):
            if name in named:
                mark.unlink(missing_ok=True)
            elif (since := _since(mark) if is_marked else None) is None:
                _mark(mark, clock.now() + STRAYS_KEPT_FOR - KEPT_FOR)
            elif since < clock.now() - KEPT_FOR:
                throw_away(name, settings)


def columns() -> list[Column[str]]:
    """Return every column of the database that names a picture of ours."""
    tables = Base.metadata.tables.values()
    return [column for table in tables for column in table.columns if isinstance(column.type, PictureName)]


def _named_by_rows() -> set[str]:
    """Return the names of all pictures in use; a discussion file could once name one by its path."""
    values = db.session.scalars(union(*(select(column).where(column != "") for column in columns())))
    return {value.rpartition("/")[2] for value in values}


def _whole(file: str) -> str:
    """Return of which picture `file` is a mark or a narrower size, which can be all that there is of it."""
    name = file.removesuffix(_REPLACED)
    narrower = _NARROWER.match(name)
    return f"{narrower[1]}.webp" if narrower else name


def _mark_of(name: str, settings: Settings) -> Path:
    return settings.data_dir / "media" / f"{name}{_REPLACED}"


def _mark(mark: Path, since: datetime) -> None:
    """Say beside a picture since when it is nobody's. What cannot be written is no fault of whoever sent another."""
    try:
        mark.write_text(since.isoformat())
    except OSError as error:
        log.warning("a picture that is nobody's stays (%s)", type(error).__name__)


def _since(mark: Path) -> datetime | None:
    """Return what the mark says; None for one of which only the name was written, on a full disk."""
    try:
        return datetime.fromisoformat(mark.read_text())
    except ValueError:
        return None


def sources(name: str) -> str:
    """Return the sizes in which the picture `name` is kept, as `srcset` has them; empty for one that has one size."""
    match = _SIZED.match(name)
    if match is None or not _narrower(int(match[2])):
        return ""
    small = [f"/media/{match[1]}-w{match[2]}-{width}.webp {width}w" for width in _narrower(int(match[2]))]
    return ", ".join([*small, f"/media/{name} {match[2]}w"])


def is_ours(name: str) -> bool:
    """Whether `name` is one that we give to a picture, and so a plain name of a file in media/."""
    return _PLAIN.match(name) is not None or _SIZED.match(name) is not None


def _narrower(width: int) -> list[int]:
    return [narrow for narrow in NARROWER if narrow < width]


def _webp(drawn: Image.Image) -> bytes:
    out = BytesIO()
    drawn.save(out, "WEBP", quality=80, method=4)
    return out.getvalue()
