"""Pictures that people send: measured before they are decoded, drawn anew, and never in the way of who reads along."""

import io
import struct
import zlib

import pytest
from PIL import Image

from forum import aside, pictures
from forum.config import Settings
from forum.refusals import Refused


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
