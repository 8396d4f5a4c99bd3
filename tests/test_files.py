"""Static files and pictures, as the server gives them."""

import gzip
from io import BytesIO

import brotli
import pytest
from PIL import Image
from werkzeug.test import Client

from forum import files, pictures
from forum.config import Settings
from forum.files import Files


def _app(_environ, start_response):
    start_response("404 Not Found", [])
    return [b"not a file"]


@pytest.fixture
def browser(tmp_path):
    (tmp_path / "static" / "js").mkdir(parents=True)
    (tmp_path / "static" / "js" / "live.js").write_text("export const x = 1;\n" * 60)
    (tmp_path / "static" / ".secret").write_text("no")
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "ab12.png").write_bytes(b"\x89PNG")
    (tmp_path / "media" / "evil.svg").write_text("<svg onload=alert(1)>")
    (tmp_path / "media" / "page.html").write_text("<script>")
    (tmp_path / "secret_key").write_text("no")
    return Client(Files(_app, tmp_path / "static", tmp_path / "media"))


@pytest.mark.parametrize(
    "accept, open_it",
    [
        ("br, gzip", brotli.decompress),
        ("gzip", gzip.decompress),
        ("", lambda body: body),
        ("br;q=0, gzip", gzip.decompress),
        ("gzip; q=0.5, br;q=0.0", gzip.decompress),
        ("gzip;q=0, br;q=0.000", lambda body: body),
    ],
)
def test_a_script_comes_in_the_best_encoding_the_browser_takes(browser, accept, open_it):
    answer = browser.get("/static/js/live.js", headers={"Accept-Encoding": accept})
    assert open_it(answer.data).startswith(b"export const x")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_compressed_when_first_asked_for_and_once(browser, monkeypatch):
    made = []
    monkeypatch.setitem(files._ENCODERS, "br", lambda body: made.append(1) or brotli.compress(body))
    assert browser.get("/static/js/live.js").data.startswith(b"export")
    assert not made
    for _ in range(2):
        assert browser.get("/static/js/live.js", headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"
    assert made == [1]


def test_a_marked_address_is_kept_for_a_year_and_a_bare_one_is_not(browser):
    assert "immutable" in browser.get("/static/js/live.js?v=abc").headers["Cache-Control"]
    assert "immutable" not in browser.get("/static/js/live.js").headers["Cache-Control"]


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", W/{}', '"other",{} , "more"', "*"])
def test_what_the_browser_has_is_not_sent_again(browser, known):
    tag = browser.get("/static/js/live.js").headers["ETag"]
    again = browser.get("/static/js/live.js", headers={"If-None-Match": known.format(tag)})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("known", ['"other"', 'W/"other"', '"x{}"', ""])
def test_what_the_browser_has_of_something_else_is_no_reason_to_send_nothing(browser, known):
    tag = browser.get("/static/js/live.js").headers["ETag"].strip('"')
    assert browser.get("/static/js/live.js", headers={"If-None-Match": known.format(tag)}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/.secret",
        "/static/../secret_key",
        "/media/../secret_key",
        "/media/..%2fsecret_key",
        "/media/evil.svg",
        "/media/page.html",
        "/media/",
        "/media/ab12.png\0",
        "/static/js",
    ],
)
def test_nothing_else_is_ever_given(browser, path):
    assert browser.get(path).status_code == 404


def test_a_picture_has_its_own_type(browser):
    answer = browser.get("/media/ab12.png")
    assert (answer.data, answer.headers["Content-Type"]) == (b"\x89PNG", "image/png")


def test_a_wide_picture_is_kept_in_three_sizes_and_a_narrow_one_in_one(tmp_path):
    settings = Settings(data_dir=tmp_path)
    for width, kept in ((2000, [480, 900, 1600]), (700, [480, 700]), (300, [300])):
        file = BytesIO()
        Image.new("RGB", (width, width // 2), (width % 256, 20, 30)).save(file, "PNG")
        file.seek(0)
        name = pictures.store(file, settings)
        said = pictures.sources(name)
        found = {tuple(one.split()) for one in said.split(", ")} if said else {(f"/media/{name}", f"{width}w")}
        widths = []
        for address, words in found:
            with Image.open(tmp_path / address.removeprefix("/")) as picture:
                assert f"{picture.width}w" == words
                widths.append(picture.width)
        assert sorted(widths) == kept
    for name in ("", "old.webp", "../x-w900.webp", "f" * 32 + "-w99999.webp"):
        assert pictures.sources(name) == ""
