"""What settings do besides being read: the secret key that is kept in the data folder."""

import errno
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

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
