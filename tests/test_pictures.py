"""Pictures that people send: measured before they are decoded, drawn anew, and never in the way of who reads along."""

import io
import re
import struct
import zlib
from datetime import timedelta
from pathlib import Path

import gevent
import pytest
from PIL import Image, ImageOps

from forum import aside, pictures
from forum.actions import rehearsals
from forum.config import Settings
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Discussion, Phase, Seat, Site
from forum.refusals import Refused
from tests.machine import a_full_disk


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path)


def written(picture: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width: int, height: int, *more: bytes) -> bytes:
    """A small file whose head promises a picture of any size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + pixels + chunk(b"IEND", b"")


RED = Image.new("RGB", (60, 30), "red")
REFUSED = {
    "too many pixels": png_that_says(65535, 65535),
    "a few too many": png_that_says(10_000, 4_001),
    "a text that swells": png_that_says(60, 30, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 100_000_000))),
    "a profile that swells": png_that_says(60, 30, chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 100_000_000))),
    "too long for WebP": written(Image.new("L", (1, 20_000)), "PNG"),
    "too wide for WebP": written(Image.new("L", (20_000, 1)), "PNG"),
    "moving WebP": written(RED, "WEBP", save_all=True, append_images=[Image.new("RGB", (60, 30))]),
    "moving PNG": written(RED, "PNG", save_all=True, append_images=[Image.new("RGB", (60, 30))]),
    "GIF": written(RED, "GIF"),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "cut off": written(Image.effect_noise((200, 200), 50), "JPEG")[:900],
    "nothing": b"",
    "too many bytes": written(RED, "PNG") + b"\0" * pictures.LARGEST_BYTES,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_we_cannot_show_is_refused_with_a_sentence(settings, name):
    with pytest.raises(Refused) as refused:
        pictures.store(io.BytesIO(REFUSED[name]), settings)
    assert refused.value.fields["hero"].endswith(".")
    assert list(settings.data_dir.glob("media/*")) == []


@pytest.mark.parametrize("options", [{}, {"square": pictures.FACE}, {"logo": True}])
@pytest.mark.parametrize("size", [(1, 1), (1, 16_383), (16_383, 1), (3000, 10), (900, 901)])
def test_every_shape_becomes_a_picture(settings, size, options):
    name = pictures.store(io.BytesIO(written(Image.new("L", size), "PNG")), settings, **options)
    for path in settings.data_dir.glob("media/*"):
        with Image.open(path) as kept:
            assert kept.format == "WEBP"
            assert kept.width <= pictures.WIDEST and kept.height <= pictures.TALLEST
    assert (settings.data_dir / "media" / name).exists()


def test_it_stands_upright_and_keeps_nothing_of_the_camera(settings):
    turned = Image.Exif()
    turned[274], turned[271] = 6, "zqcameraqz"
    data = written(RED, "JPEG", exif=turned) + b"<script>zqtailqz</script>"
    name = pictures.store(io.BytesIO(data), settings)
    kept = settings.data_dir / "media" / name
    with Image.open(kept) as picture:
        assert picture.size == (30, 60)
    assert b"zq" not in kept.read_bytes()


@pytest.mark.parametrize("way", range(1, 9))
def test_each_way_to_hold_a_camera_gives_the_same_picture(settings, way):
    turned = Image.Exif()
    turned[274] = way
    drawn = Image.new("RGB", (60, 30), "white")
    drawn.paste("red", (0, 0, 30, 15))
    upright = ImageOps.exif_transpose(drawn_by_a_camera(drawn, way))
    name = pictures.store(io.BytesIO(written(drawn, "PNG", exif=turned)), settings)
    with Image.open(settings.data_dir / "media" / name) as kept:
        assert kept.size == upright.size
        corner = (kept.width // 4, kept.height // 4)
        assert near(kept.getpixel(corner), upright.getpixel(corner))


def drawn_by_a_camera(drawn: Image.Image, way: int) -> Image.Image:
    turned = Image.Exif()
    turned[274] = way
    return Image.open(io.BytesIO(written(drawn, "PNG", exif=turned)))


def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", range(1, 14))
@pytest.mark.parametrize("tag", [0x011A, 0x0132, 0x8298])
def test_what_is_damaged_beside_a_picture_costs_only_that(settings, tag, kind):
    """Such photographs could not be sent at all: turned upright, what their camera had said was written anew."""
    said = Image.Exif()
    said[274], said[0x010F], said[0x011A], said[0x0132], said[0x8298] = 6, "Canon", 72.0, "2020:01:01 00:00:00", "x"
    data = bytearray(said.tobytes())
    assert data.startswith(b"Exif\0\0MM")
    struct.pack_into(">H", data, data.index(struct.pack(">H", tag)) + 2, kind)
    name = pictures.store(io.BytesIO(written(RED, "JPEG", exif=bytes(data))), settings)
    with Image.open(settings.data_dir / "media" / name) as kept:
        assert kept.size == (30, 60)


def test_a_full_disk_leaves_a_picture_in_use_as_it_is(settings, tmp_path):
    data = written(Image.effect_noise((600, 400), 80), "PNG")
    name = pictures.store(io.BytesIO(data), settings)
    whole = {file.name: file.read_bytes() for file in (tmp_path / "media").iterdir()}
    with a_full_disk(4096):
        assert pictures.store(io.BytesIO(data), settings) == name
        with pytest.raises(OSError, match="too large"):
            pictures.store(io.BytesIO(data), settings, square=400)
    assert {file.name: file.read_bytes() for file in (tmp_path / "media").iterdir()} == whole
    (tmp_path / "media" / name).write_bytes(whole[name][:100])  # as an earlier version left it
    pictures.store(io.BytesIO(data), settings)
    assert (tmp_path / "media" / name).read_bytes() == whole[name]


def test_only_plain_names_are_thrown_away(settings, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "secret-key").write_text("x")
    for name in ("../secret-key", "", "/etc/passwd", "a" * 32 + ".webp"):
        pictures.throw_away(name, settings)
    assert (tmp_path / "secret-key").exists()


def test_a_picture_is_drawn_beside_the_loop():
    """In a process as it is served: while a thread draws, the loop goes on."""
    import subprocess
    import sys

    script = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gevent, threading, gevent.monkey\n"
        "from forum.aside import aside\n"
        "ticks = []\n"
        "gevent.spawn(lambda: [(ticks.append(1), gevent.sleep(0.01)) for _ in range(200)])\n"
        "gevent.sleep(0)\n"
        "sleep = gevent.monkey.get_original('time', 'sleep')\n"
        "before = len(ticks)\n"
        "aside(lambda: sleep(0.5))\n"
        "print(len(ticks) - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) > 3
    assert aside.aside(lambda: 7) == 7


# ---- what no row names ----


@pytest.fixture
def media(app):
    """The folder of pictures, empty."""
    folder = app.config["SETTINGS"].data_dir / "media"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def kept(app, colour: str, **options) -> str:
    picture = io.BytesIO(written(Image.new("RGB", (1000, 600), colour), "PNG"))
    return pictures.store(picture, app.config["SETTINGS"], **options)


def tidy_for(clock, days: int) -> None:
    for _day in range(days):
        clockwork.tidy()
        clock.advance(timedelta(days=1))
    clockwork.tidy()


def test_what_any_row_names_stays_for_good_whatever_was_said_of_it(app, house, clock, media):
    draft, announced = house.discussion(phase=Phase.DRAFT), house.discussion(phase=Phase.ANNOUNCED)
    brought = house.discussion(phase=Phase.CLOSED)
    names = [kept(app, colour) for colour in ("teal", "red", "olive")]
    face, logo = kept(app, "blue", square=pictures.FACE), kept(app, "green", logo=True)
    with writing():
        draft.hero, announced.hero, brought.hero = names[0], names[1], f"media/{names[2]}"  # a file said it so
        db.session.query(Seat).first().picture = face
        site = Site.fresh()
        site.logo = logo
        db.session.add(site)
    house.do(rehearsals.begin, house.host_of(announced), announced)
    with writing():
        db.session.get_one(Discussion, announced.id).hero = ""  # now only the rehearsal shows it
    before = sorted(path.name for path in media.iterdir())
    for name in (*names, face, logo):
        pictures.set_aside(name, app.config["SETTINGS"])
    tidy_for(clock, 30)
    assert sorted(path.name for path in media.iterdir()) == before
    # Named again it starts anew: a mark of long ago would let it go the moment it is replaced.
    with writing():
        db.session.get_one(Discussion, draft.id).hero = ""
    tidy_for(clock, 6)
    assert (media / names[0]).exists()


def test_only_our_pictures_are_tidied_up_and_all_that_there_is_of_one(app, clock, media):
    foreign = {"hero.jpg", "notes.txt", f"{'a' * 31}.webp", f"{'a' * 32}.webp.part", "b.replaced", "folder"}
    for name in foreign - {"folder"}:
        (media / name).write_text("x")
    (media / "folder").mkdir()
    for name in (f"{'c' * 32}-w1600-480.webp", f"{'d' * 32}.webp"):  # a process ended before it wrote the rest
        (media / name).write_text("x")
    (media / f"{'d' * 32}.webp.replaced").write_text("")
    tidy_for(clock, 8)
    assert {path.name for path in media.iterdir()} == foreign
    (media / "folder").rmdir()


def test_what_comes_back_between_two_looks_stays(app, clock, media, monkeypatch):
    name = kept(app, "teal")
    tidy_for(clock, 7)
    clock.advance(timedelta(days=1))
    read = pictures._named_by_rows

    def meanwhile() -> set[str]:
        found = read()
        assert kept(app, "teal") == name  # the same picture, in a form that is not stored yet
        return found

    monkeypatch.setattr(pictures, "_named_by_rows", meanwhile)
    clockwork.tidy()
    assert (media / name).exists()


def test_every_column_that_is_shown_from_the_folder_is_one_that_keeps_its_files():
    """A new one must be a PictureName, or its pictures are deleted."""
    root = Path(pictures.__file__).parent
    sources = [path.read_text("utf-8") for kind in ("html", "py") for path in root.rglob(f"*.{kind}")]
    shown = {name for text in sources for name in re.findall(r"/media/\{+ ?[\w.()]*\.(\w+) ?\}", text)}
    columns = {str(column) for column in pictures.columns()}
    assert columns == {"discussion.hero", "seat.picture", "site.logo"}
    assert shown == {column.partition(".")[2] for column in columns}
    said = [text for path in (root / "models").glob("*.py") for text in path.read_text("utf-8").splitlines()]
    assert [line for line in said if "media/" in line and "mapped_column" in line] == []


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "1", "CMYK"])
def test_a_large_picture_is_small_before_it_is_copied(mode, monkeypatch):
    """A 155 KB picture of forty million pixels took 440 MB, and twelve of them 4 GB."""
    sizes = []
    upright = pictures._upright
    monkeypatch.setattr(pictures, "_upright", lambda picture: sizes.append(picture.size) or upright(picture))
    form = "JPEG" if mode == "CMYK" else "PNG"
    drawn = pictures._drawn(written(Image.new(mode, (6000, 3000)), form), "RGB")
    assert max(sizes[0]) <= 2400 and drawn.size == (2400, 1200)


def test_what_takes_much_memory_is_done_one_at_a_time(monkeypatch):
    running, most = [], []

    def work():
        running.append(1)
        most.append(len(running))
        gevent.sleep(0.01)
        running.pop()

    monkeypatch.setattr(aside, "aside", lambda work: work())
    gevent.joinall([gevent.spawn(aside.aside_alone, work) for _number in range(5)], raise_error=True)
    assert most == [1] * 5


def test_a_picture_that_is_none_looks_like_no_crash_in_the_log():
    import subprocess
    import sys

    script = (
        "from gevent import monkey; monkey.patch_all()\n"
        "from forum.aside import aside\n"
        "def work(): raise ValueError('a picture that is none')\n"
        "try: aside(work)\n"
        "except ValueError as fault: print(fault)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("a picture that is none\n", "")
