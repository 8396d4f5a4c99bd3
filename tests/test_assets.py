"""The bundles that browsers load are committed; they must be what the sources make."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILT = ROOT / "forum/static/built"


def node() -> str:
    """Where Node is; without it, or without the packages, skip at home and fail in CI."""
    inside = Path(sys.executable).parent / "node"
    found = str(inside) if inside.exists() else shutil.which("node")
    if found and (ROOT / "node_modules/esbuild").is_dir():
        return found
    message = "Node or node_modules is missing, so nobody knows whether the built assets are fresh. Run `make develop`."
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def files(folder: Path) -> dict[str, bytes]:
    """The name and content of every file in `folder`."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_committed_bundles_are_what_the_sources_make(tmp_path):
    fresh = tmp_path / "built"
    subprocess.run([node(), "tools/assets.mjs", str(fresh)], cwd=ROOT, check=True, timeout=60)

    assert sorted(files(fresh)) == [
        "audience.js",
        "console.css",
        "console.js",
        "embed.js",
        "frame.js",
        "live.js",
        "pages.css",
        "print.css",
        "replay.js",
        "site.js",
        "style.css",
    ]
    stale = [name for name, content in files(fresh).items() if files(BUILT).get(name) != content]
    assert not stale, f"Run `make assets` and commit the result; out of date: {stale}"
    assert files(BUILT).keys() == files(fresh).keys()


def test_every_vendored_library_comes_with_its_licence():
    vendor = ROOT / "forum/static/vendor"
    for library, words in {"idiomorph": "Zero-Clause BSD"}.items():
        assert words in (vendor / f"{library}.LICENSE.txt").read_text()
        assert list(vendor.glob(f"{library}*.js"))


def test_no_style_asks_every_comment_for_each_new_one():
    """`:has(.comment)` cost 20 ms for every arrival on a page of 800; none.js says it by classes."""
    style = (BUILT / "style.css").read_text()
    assert ":has(" in style
    assert not re.findall(r":has\([^()]*\.comment(?![-\w]).{0,40}", style)
