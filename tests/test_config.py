"""What settings do besides being read: the secret key that is kept in the data folder."""

import errno
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url

from forum.config import Settings


@pytest.fixture
def settings(tmp_path):
    """Settings with a data folder and no key of their own."""
    return Settings(data_dir=tmp_path, secret_key="")


def test_a_secret_is_made_once_for_its_owner_alone_and_kept(settings, tmp_path):
    made = settings.secret()
    assert len(made) > 40
    assert settings.secret() == made == (tmp_path / "secret_key").read_text()
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret_key"]


def test_an_empty_secret_is_none_and_another_is_made(settings, tmp_path):
    (tmp_path / "secret_key").write_text("\n")
    made = settings.secret()
    assert len(made) > 40
    assert settings.secret() == made


@pytest.mark.parametrize("full", ["write", "flush"])
def test_a_full_disk_leaves_no_secret_behind(settings, tmp_path, monkeypatch, full):
    really = os.fdopen

    def on_a_full_disk(*arguments, **named):
        file = really(*arguments, **named)

        def refuse(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        setattr(file, full, refuse)
        return file

    with monkeypatch.context() as disk:
        disk.setattr(os, "fdopen", on_a_full_disk)
        with pytest.raises(OSError, match="No space"):
            settings.secret()
    assert os.listdir(tmp_path) == []
    assert len(settings.secret()) > 40


def test_of_two_that_start_at_once_the_first_one_s_secret_counts(settings, monkeypatch):
    really, first = os.link, []

    def late(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", really)
        first.append(settings.secret())
        really(source, target)

    monkeypatch.setattr(os, "link", late)
    assert settings.secret() == first[0]


def test_a_folder_without_hard_links_keeps_a_secret_too(settings, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert settings.secret() == settings.secret() != ""


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://münchen.example.org", "https://xn--mnchen-3ya.example.org"),
        ("https://Gespräch.example:8443/", "https://xn--gesprch-9wa.example:8443/"),
    ],
)
def test_a_host_with_other_letters_is_known_as_browsers_and_mail_servers_send_it(typed, sent):
    settings = Settings(site_url=typed)
    assert settings.site_url == sent
    assert settings.sender == f"roundtext@{urlsplit(sent).hostname}"
    assert settings.accepts_host(urlsplit(sent).netloc)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_setting_is_as_if_it_were_not_set(monkeypatch, name):
    monkeypatch.delenv(f"FORUM_{name.upper()}", raising=False)
    unset = getattr(Settings(), name)
    monkeypatch.setenv(f"FORUM_{name.upper()}", "")
    assert getattr(Settings(), name) == unset


def test_the_kind_of_database_is_known_without_asking_the_disk(settings, monkeypatch):
    """It is asked at every page; looking up where the folder is took longer than the rest of an anonymous page."""

    def look(*_: object, **__: object) -> Path:
        raise AssertionError("the disk was asked")

    monkeypatch.setattr(Path, "resolve", look)
    assert settings.is_sqlite
    assert settings.model_copy(update={"database_url": "sqlite:////srv/roundtext.sqlite"}).is_sqlite
    assert not settings.model_copy(update={"database_url": "postgresql://localhost/roundtext"}).is_sqlite


def test_a_file_named_from_here_is_the_same_for_the_site_and_its_backup(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url="sqlite:///some.sqlite")
    assert settings.database == f"sqlite:///{tmp_path}/some.sqlite"
    assert settings.sqlite_file == tmp_path / "some.sqlite"


@pytest.mark.parametrize("name", ["what?", "50%25off", "100%", "a b+c", "a#b", "ä%41", "q?x=1&y", "a:b@c"])
def test_every_part_of_the_site_looks_at_the_same_file_whatever_its_folder_is_called(monkeypatch, tmp_path, name):
    """SQLAlchemy decodes the name, and ends it at a question mark: the site then wrote elsewhere than was saved."""
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    in_folder, from_here = Settings(data_dir=folder), Settings(database_url="sqlite:///roundtext.sqlite")
    for settings in in_folder, from_here, Settings(database_url=from_here.database_url):
        assert settings.sqlite_file == folder / "roundtext.sqlite"
        assert make_url(settings.database).database == str(settings.sqlite_file)
        assert not make_url(settings.database).query


def test_an_address_of_an_sqlite_file_is_read_as_addresses_are():
    settings = Settings(database_url="sqlite:////srv/a%20b%3F.sqlite")
    assert settings.sqlite_file == Path("/srv/a b?.sqlite")
    assert make_url(settings.database).database == "/srv/a b?.sqlite"


def test_an_address_of_postgresql_by_its_old_name_is_opened_by_the_driver_that_is_there():
    assert Settings(database_url="postgres://u@h/x").database == "postgresql+psycopg://u@h/x"


def test_no_link_has_two_slashes_whatever_the_address_ends_with():
    assert Settings(site_url="https://talk.example.org/").public_url == "https://talk.example.org"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "localhost:8000", "talk.localhost"])
def test_only_who_sits_at_this_machine_comes_to_its_own_address(host):
    assert Settings(site_url=f"http://{host}").is_local


@pytest.mark.parametrize("host", ["192.168.1.5:8000", "10.0.0.1", "talk.example.org", "notlocalhost"])
def test_a_site_that_neighbours_can_come_to_is_not_local(host):
    assert not Settings(site_url=f"http://{host}").is_local


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "192.0.2.7:8000", "[::1]"])
def test_a_site_with_a_name_answers_at_its_machine_s_own_addresses_too(host):
    settings = Settings(site_url="https://talk.example.org")
    assert settings.accepts_host(host)
    assert not settings.accepts_host("localhost.example.org")


def test_a_key_that_can_be_guessed_is_short_however_much_room_is_around_it():
    assert Settings(secret_key="k" * 15).has_short_secret
    assert Settings(secret_key=f"k{' ' * 20}").has_short_secret
    assert not Settings(secret_key="k" * 16).has_short_secret
    assert not Settings(secret_key="").has_short_secret


def test_the_data_folder_is_its_owner_s_alone_whatever_the_shell_allows_others(tmp_path):
    """It holds the secret key, the letters of a site without mail, and on SQLite every address and password's hash."""
    before = os.umask(0)
    try:
        Settings(data_dir=tmp_path / "data").make_data_dir()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
