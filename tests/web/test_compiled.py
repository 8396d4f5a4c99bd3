"""Templates that are kept compiled: what is kept is used, and nothing that is wrong with it is ever seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import Environment

from forum import create_app
from forum.config import Settings
from forum.web import compiled

pytestmark = pytest.mark.one_database
PAGE = "home/about.html"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "kept"


@pytest.fixture
def fresh(tmp_path, folder):
    """Make an app as another process would, which keeps its templates in the test's folder."""

    def make():
        app = create_app(Settings(data_dir=tmp_path, secret_key="a secret for tests"))
        compiled.init_app(app, folder)
        return app

    return make


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.exists() else []


def test_the_next_process_compiles_nothing_that_has_not_changed(fresh, folder, monkeypatch):
    number = compiled.compile_all(fresh())
    assert len(kept(folder)) == number > 100
    asked = []
    really = Environment.compile
    monkeypatch.setattr(Environment, "compile", lambda *given, **named: asked.append(given) or really(*given, **named))
    app = fresh()
    assert compiled.compile_all(app) == number
    assert asked == []
    # Other words under the same name are another template.
    loader = app.jinja_env.loader
    monkeypatch.setattr(type(loader), "get_source", lambda *_: ("New words", "about.html", lambda: True))
    assert fresh().jinja_env.get_template(PAGE).render() == "New words"


def test_all_are_compiled_by_a_command_that_needs_no_settings():
    source = Path(compiled.__file__).parents[2]
    everything = {name: value for name, value in os.environ.items() if not name.startswith(("FORUM_", "PYTHON"))}
    command = [sys.executable, "-m", "forum.web.compiled"]
    ended = subprocess.run(command, cwd=source, env=everything, capture_output=True, text=True, timeout=120, check=True)
    assert "templates compiled in" in ended.stdout


@pytest.mark.parametrize("torn", [b"", b"j2", b"\x80\x04garbage" * 9, None])
def test_what_is_torn_is_compiled_again(fresh, folder, torn):
    fresh().jinja_env.get_template(PAGE)
    for file in kept(folder):
        file.write_bytes(file.read_bytes()[:-40] if torn is None else torn)
    broken = [file.read_bytes() for file in kept(folder)]
    assert fresh().jinja_env.get_template(PAGE).blocks
    assert [file.read_bytes() for file in kept(folder)] != broken, "and is whole for the next"


def test_where_nothing_can_be_kept_it_takes_time_and_nothing_else(fresh, folder, monkeypatch):
    folder.write_text("Something else has this name.")
    assert fresh().jinja_env.get_template(PAGE).blocks
    folder.unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert fresh().jinja_env.get_template(PAGE).blocks
    assert kept(folder) == []
