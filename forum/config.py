"""Every setting, typed, read once from the environment. The table in the README is made from this file."""

import errno
import os
import re
import secrets
import tempfile
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SHORTEST_SECRET = 16


class Settings(BaseSettings):
    """What an operator can set; each name is read from the environment with `FORUM_` before it."""

    # Empty is as if it were not set: compose files hand on what is empty, and no setting means anything else by it.
    model_config = SettingsConfigDict(env_prefix="FORUM_", env_ignore_empty=True, extra="ignore")

    bind: str = Field("127.0.0.1:8000", description="Address and port the server listens on.")
    database_url: str = Field("", description="PostgreSQL address; empty means SQLite in the data folder.")
    secret_key: str = Field(
        "",
        description="Signs cookies and links, 16 characters or more; empty makes one and keeps it in the data folder.",
    )
    site_url: str = Field(
        "", description="Public address, e.g. https://talk.example.org; used in mail and to check Host."
    )
    site_name: str = Field("Roundtext", description="The name shown in the top bar and in mail.")
    language: str = Field(
        "en",
        description="What pages about a person speak when neither they nor their browser ask for one of ours.",
    )
    mail_url: str = Field(
        "", description="smtp://user:password@host:port, smtps:// or smtp+starttls://; empty keeps mail in the outbox."
    )
    mail_from: str = Field("", description="Sender of mail; empty means roundtext@ the site's host.")
    mail_replies: str = Field(
        "",
        description="Address at which people answer by mail, e.g. answers@talk.example.org; empty means they do not.",
    )
    mail_bounces: str = Field(
        "",
        description="Where mail that did not arrive comes back to, like bounces@talk.example.org; empty: nowhere.",
    )
    data_dir: Path = Field(Path("var"), description="Folder for the SQLite file, pictures and the secret key.")
    limits_url: str = Field(
        "", description="Where request limits are counted (redis://…); empty means in this process."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=100, description="How many reverse proxies stand in front and set X-Forwarded-*."
    )
    # As long as a date can bear: ten years say "always".
    edit_window_minutes: int = Field(
        15, ge=0, le=5_256_000, description="How long a writer can edit a comment after posting it."
    )
    held_words: str = Field(
        "", description="Words, phrases and addresses that hold a member's comment for a host, separated by commas."
    )
    held_words_file: Path | None = Field(None, description="The same from a file, one a line; read again when changed.")
    hold_links: bool = Field(False, description="Whether every comment of a member with a link is held for a host.")
    limits: bool = Field(True, description="Whether requests are throttled; switch off only for load tests.")
    poll_seconds: float = Field(
        1.0, gt=0, le=60, description="How often, in seconds, each process looks for news it was not woken for."
    )
    most_readers: int = Field(
        18_000, ge=1, description="How many readers each process takes in before it sends newcomers to the next."
    )
    demo: bool = Field(
        False, description="Let the cast of demo people answer in the sample discussion while it is watched."
    )

    @field_validator("bind")
    @classmethod
    def _can_be_listened_on(cls, bind: str) -> str:
        """An address and a port, an IPv6 address in brackets, or what else gunicorn takes: a socket by path or number.

        gunicorn would listen on a port of its own where none is given, and end in a traceback at some.
        """
        if re.fullmatch(r"unix:\S+|fd://[0-9]+", bind):
            return bind
        host, _, port = bind.rpartition(":")
        inside = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\]", host)
        is_host = _is_ipv6(inside[1]) if inside else re.fullmatch(r"[A-Za-z0-9._-]+", host)
        if not is_host or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
            raise ValueError("Give an address and a port from 1 to 65535, like 127.0.0.1:8000 or [::1]:8000.")
        return bind

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, url: str) -> str:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        words = "Give an address like postgresql://user:password@host/name, or leave it empty for SQLite."
        try:
            kind = make_url(url).drivername if url else "sqlite"
        except (ArgumentError, ValueError) as error:  # ValueError: a port that is none
            raise ValueError(words) from error
        if kind not in {"postgres", "postgresql", "postgresql+psycopg", "sqlite"}:
            raise ValueError(words)
        if kind != "sqlite" or not url:
            return url
        # In memory every line would have a database of its own; of what has a query, or does not begin at the root, the
        # site and its backup would each read another file.
        path = re.fullmatch(r"sqlite:///([^?]+)", url)
        file = unquote(path[1]) if path else "/"
        if file.endswith("/") or file == ":memory:" or "\0" in file:
            raise ValueError(
                "Give the whole path of a file, like sqlite:////srv/roundtext.sqlite, without ?, "
                "or leave it empty for SQLite in the data folder."
            )
        return _address_of(Path(file).absolute())

    @field_validator("secret_key")
    @classmethod
    def _is_a_secret(cls, key: str) -> str:
        if key and not key.strip():
            raise ValueError("Give a long text that nobody can guess, or leave it empty.")
        return key

    @field_validator("site_url")
    @classmethod
    def _is_where_people_come(cls, url: str) -> str:
        if url and not _names_a_host(url, {"http", "https"}):
            raise ValueError("Give the whole address, like https://talk.example.org, or leave it empty.")
        # It stands in pages and letters, so a password would be everybody's; what is refused is not repeated.
        if set("@?#") & set(url):
            raise ValueError("Give an address without a user, a password, ? and #, like https://talk.example.org.")
        if urlsplit(url).path.strip("/"):
            raise ValueError("Give an address without a path: a site needs a host of its own, like talk.example.org.")
        return _in_ascii(url)

    @field_validator("language")
    @classmethod
    def _is_one_of_ours(cls, language: str) -> str:
        from forum.speaking import OFFERED  # which reads settings itself

        if language and language not in OFFERED:
            raise ValueError(f"Give one of {', '.join(sorted(OFFERED))}.")
        return language

    @field_validator("mail_url")
    @classmethod
    def _names_a_mail_server(cls, url: str) -> str:
        if url and not _names_a_host(url, {"smtp", "smtps", "smtp+starttls"}):
            raise ValueError("Give an address like smtps://user:password@mail.example.org, or leave it empty.")
        return url

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, sender: str) -> str:
        if sender and (not sender.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(sender)[1])):
            raise ValueError("Give an address like talks@example.org, with or without a name, or leave it empty.")
        return sender

    @field_validator("limits_url")
    @classmethod
    def _names_a_redis(cls, url: str) -> str:
        if url and not _names_a_counter(url):
            raise ValueError("Give an address like redis://host:6379/0, or leave it empty.")
        return url

    @field_validator("held_words_file", mode="before")
    @classmethod
    def _is_none_if_empty(cls, path: object) -> object:
        return path or None

    @field_validator("held_words_file")
    @classmethod
    def _can_be_read(cls, path: Path | None) -> Path | None:
        """Without its list a site would not hold what it means to hold, and nobody would see it."""
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
        return path

    @field_validator("mail_replies")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        """A domain alone is enough; 64 octets before the @ (RFC 5321) must hold the name and a token of 48."""
        name, _, domain = address.strip().lower().rpartition("@")
        if domain and not re.fullmatch(r"(?:[a-z0-9._-]{1,15}@)?[a-z0-9.-]+", f"{name}@{domain}" if name else domain):
            raise ValueError("Give an address like answers@talk.example.org, its name no longer than 15 letters.")
        return f"{name or 'answers'}@{domain}" if domain else ""

    @field_validator("mail_bounces")
    @classmethod
    def _is_short(cls, address: str) -> str:
        if address and not re.fullmatch(r"[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]{1,200}", address):
            raise ValueError("Give an address with a short name, like bounces@talk.example.org, or leave it empty.")
        return address

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database, with psycopg 3 as PostgreSQL's driver."""
        if not self.database_url:
            return _address_of(self.data_dir.resolve() / "roundtext.sqlite")
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    @property
    def is_sqlite(self) -> bool:
        """Whether everything is kept in one SQLite file (and so in one process)."""
        # Not by `database`, which asks the disk where the folder is: this is asked at every page and every look.
        return not self.database_url or self.database_url.startswith("sqlite")

    @property
    def sqlite_file(self) -> Path:
        """Where everything is kept, where `is_sqlite`."""
        return Path(unquote(self.database.removeprefix("sqlite:///")))

    @property
    def postgresql_address(self) -> str:
        """The database's address as PostgreSQL's own drivers take it, where not `is_sqlite`: without SQLAlchemy's."""
        return "postgresql" + self.database[self.database.index("://") :]

    @property
    def sends_mail(self) -> bool:
        """Whether mail really leaves; without it sign-up signs in at once and mail stays in the outbox."""
        return bool(self.mail_url)

    @property
    def public_url(self) -> str:
        """The site's address without a slash at the end, for links that leave the site."""
        return (self.site_url or f"http://{self.bind}").rstrip("/")

    @property
    def is_https(self) -> bool:
        """Whether readers come by https, so that cookies are marked secure and HSTS is sent."""
        return self.public_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Whether only who sits at this machine comes here."""
        name = urlsplit(self.public_url).hostname or ""
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")

    @property
    def sender(self) -> str:
        """The From address of mail."""
        return self.mail_from or f"roundtext@{urlsplit(self.public_url).hostname}"

    def accepts_host(self, host: str) -> bool:
        """Whether a request's Host header names this site.

        Bare IP addresses and localhost are always taken: DNS rebinding needs a name.
        """
        return _names_site(host, self.public_url)

    def make_data_dir(self) -> None:
        """Make the data folder, for its owner alone; one that is there keeps what its owner has set."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def has_short_secret(self) -> bool:
        """Whether the secret key can be guessed, from one cookie and without asking us."""
        return 0 < len(self.secret_key.strip()) < _SHORTEST_SECRET

    def secret(self) -> str:
        """Return the secret key, made and kept (mode 600) in the data folder when none is set."""
        if self.secret_key:
            return self.secret_key
        self.make_data_dir()
        path = self.data_dir / "secret_key"
        if not _kept_in(path):
            _keep(secrets.token_urlsafe(48), path)
        return _kept_in(path)


def _address_of(file: Path) -> str:
    """Return the SQLAlchemy address of `file`: SQLAlchemy ends the name at a `?`, and decodes what is before it."""
    name = str(file).replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{name}"


def _kept_in(path: Path) -> str:
    """What is kept there; nothing where there is no file, or where an earlier version met a full disk."""
    try:
        return path.read_text().strip() if path.exists() else ""
    except UnicodeDecodeError as error:
        words = "This is no secret key. Put the one from your backup there, or remove it: then everybody signs in anew."
        raise OSError(errno.EINVAL, words, str(path)) from error


def _keep(secret: str, path: Path) -> None:
    """Keep `secret` at `path`, whole or not at all, for the owner alone; of two the first counts, where links exist."""
    made, name = tempfile.mkstemp(prefix=".secret_key.", dir=path.parent)
    try:
        with os.fdopen(made, "w") as file:
            file.write(secret)
            file.flush()
            os.fsync(made)
        try:
            os.link(name, path)
        except OSError:  # somebody was faster, an empty one is in the way, or the file system has no links
            if not _kept_in(path):
                Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _is_ipv6(text: str) -> bool:
    try:
        return ip_address(text).version == 6
    except ValueError:
        return False


def _names_a_host(url: str, schemes: set[str]) -> bool:
    """Whether `url` has one of `schemes` and a host, and a port that is one if it has any."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none
        return False
    return is_whole and parts.scheme in schemes and re.search(r"\s", url) is None


def _names_a_counter(url: str) -> bool:
    """Whether the library takes `url`; what it would pass over in silence, a database that is no number, is none."""
    from redis.connection import parse_url

    if not url.startswith(("redis://", "rediss://", "redis+unix://")):
        return False
    try:
        parse_url(url.removeprefix("redis+"))  # type: ignore[no-untyped-call]
    except ValueError:
        return False
    return url.startswith("redis+unix://") or re.fullmatch(r"(/[0-9]*)?", urlsplit(url).path) is not None


def _in_ascii(url: str) -> str:
    """Return `url` with its host as browsers and mail servers send it; raise ValueError for one that has no such form.

    The library's codec is that of 2003, which writes other letters for a few (ß); such a host is asked for as it is.
    """
    parts = urlsplit(url)
    if parts.netloc.isascii():
        return url
    host = parts.hostname or ""
    try:
        sent = host.encode("idna")
        is_same = sent.decode("idna") == host
    except UnicodeError:
        is_same = False
    if not is_same:
        raise ValueError("Give the host's name as browsers send it, like https://xn--mnchen-3ya.example.org.")
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{sent.decode()}{port}").geturl()


@lru_cache(maxsize=256)  # asked for every request and every reader, mostly with one answer
def _names_site(host: str, public_url: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name == "localhost" or name == urlsplit(public_url).hostname:
            return True
        ip_address(name)
    except ValueError:
        return False
    return True
