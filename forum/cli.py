"""The `forum` command. Errors go to stderr in one line; the exit status is 0 (done), 1 (refused) or 2 (wrong usage)."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from forum.config import Settings

if TYPE_CHECKING:
    from flask import Flask

FORMATS = ["json", "html", "markdown", "csv", "text", "epub", "docx"]

_DEMO_ACCOUNTS = (
    "Warning: the demo accounts are in this database, and everybody knows their password. Serve a real site from "
    "another FORUM_DATA_DIR or FORUM_DATABASE_URL."
)
_EASY_TO_GUESS = (
    "Warning: FORUM_SECRET_KEY is so short that it can be guessed, and who guesses it signs in as anybody. Give one as "
    "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` makes it, or leave it empty."
)

_PRINTS_LETTERS = (
    "Warning: FORUM_MAIL_URL is empty, so no mail leaves: letters, links that sign in among them, are printed here and "
    "into the log this goes to. Give the address of a mail server."
)


class Failure(click.ClickException):
    """A refusal: one clear line on stderr, exit status 1."""

    exit_code = 1


def settings(bind: str | None = None) -> Settings:
    """Return the settings of the environment, or with this `bind`. Raises Failure naming the one at fault."""
    try:
        return Settings() if bind is None else Settings(bind=bind)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        said = "--bind" if name == "bind" and bind is not None else f"FORUM_{name.upper()}"
        raise Failure(f"{said}: {first['msg'].removeprefix('Value error, ')}") from error


def place(read: Settings) -> str:
    """Return where the database of `read` is, for people: without a password."""
    from sqlalchemy import make_url

    if read.is_sqlite:
        return str(read.sqlite_file)
    url = make_url(read.database)
    return url.set(drivername="postgresql", query={})._replace(password=None).render_as_string()


def made(read: Settings, *, only_reads: bool = False) -> "Flask":
    """Return the app on a database that has every table of this version.

    Who `only_reads` changes no database of an earlier one, which a process of that version may serve: raises Failure.
    """
    from forum import create_app, migrating

    gc.disable()  # as in wsgi.py
    try:
        app = create_app(read)
    finally:
        gc.enable()
    if only_reads and migrating.is_outdated(app):
        raise Failure("This database belongs to an earlier version of Roundtext. Run `forum upgrade` first.")
    migrating.upgrade(app)
    return app


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the house and the database refuse into one line."""
    from sqlalchemy.exc import DBAPIError

    from forum import migrating
    from forum.archive.discussion_file import FileFaults
    from forum.refusals import Refused
    from forum.server import CannotServe

    try:
        yield
    except Refused as refusal:
        faults = [f"{name}: {words}" for name, words in refusal.fields.items()]
        raise Failure(" ".join(faults) or refusal.message) from refusal
    except (FileFaults, migrating.Newer, CannotServe) as refusal:
        raise Failure(str(refusal)) from refusal
    except DBAPIError as error:
        raise Failure(f"The database refuses: {str(error.orig).splitlines()[0]}") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{where}{error.strerror or error}") from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roundtext")
def main() -> None:
    """Roundtext: timed, moderated, written discussions. Settings come from FORUM_… variables; see the README."""
    # What is stored is for the owner alone: people's addresses stand in it. The server inherits this.
    before = os.umask(0o077)
    click.get_current_context().call_on_close(lambda: os.umask(before))


@main.command()
@click.option("--serve", "then_serve", is_flag=True, help="Serve it right away, with a cast of demo people answering.")
def demo(then_serve: bool) -> None:
    """Make a sample discussion that is live right now, and print where it is."""
    from forum import server
    from forum.demo import make

    read = settings()
    with refusals(), ExitStack() as held:
        if then_serve:
            server.require_free(read.bind)
            held.enter_context(server.holding(read))
        make.prepare(made(read))
        click.echo(make.summary(read))
        sys.stdout.flush()
        if then_serve:
            server.serve(read.model_copy(update={"demo": True}))


@main.command()
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes (PostgreSQL).")
@click.option("--bind", default=None, help="Address and port; FORUM_BIND otherwise.")
def serve(workers: int, bind: str | None) -> None:
    """Serve the site until SIGTERM or Ctrl-C."""
    from forum import server
    from forum.demo import make

    read = settings(bind)
    with refusals():
        server.require_free(read.bind)
        with server.holding(read):
            with made(read).app_context():
                if make.is_open_to_all():
                    click.echo(_DEMO_ACCOUNTS, err=True)
            if read.has_short_secret:
                click.echo(_EASY_TO_GUESS, err=True)
            if not (read.sends_mail or read.is_local):
                click.echo(_PRINTS_LETTERS, err=True)
            server.serve(read, workers)


@main.command()
def upgrade() -> None:
    """Bring the database up to this version. `serve` and `demo` do it by themselves."""
    with refusals():
        made(settings())


@main.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The name the person carries.")
@click.option("--password", required=True, help="At least 8 characters; - asks for it, or reads it.")
@click.option(
    "--role",
    type=click.Choice(["member", "organiser", "administrator"]),
    default=None,
    help="Without it an account keeps its role, and a new one is a member's.",
)
def add_user(email: str, name: str, password: str, role: str | None) -> None:
    """Make an account for EMAIL, or set the name, password and role of the one there is."""
    from forum.actions import accounts, passwords
    from forum.database import writing
    from forum.models import SiteRole

    if password == "-":  # noqa: S105
        password = _typed_password() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    read = settings()
    with refusals(), made(read).app_context():
        passwords.require_fit(password)
        hashed = passwords.hashed(password)
        with writing():
            account = accounts.put(email, name, hashed, SiteRole(role) if role else None)
        click.echo(f"{account.email} is {account.role.value} {account.name} in {place(read)}.")


def _typed_password() -> str:
    """Ask for a password, twice and unseen; the questions go to stderr."""
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


@main.group()
def discussion() -> None:
    """Discussions as files."""


@discussion.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_file(file: Path) -> None:
    """Make a whole discussion from FILE (see docs/discussion-file.md), all or nothing."""
    from forum.actions import imports
    from forum.archive import discussion_file
    from forum.database import writing

    def named(words: str) -> str:
        return "\n".join(f"{file.name}: {line}" for line in words.splitlines())

    with refusals():
        try:
            with file.open("rb") as stream:
                read = discussion_file.read(stream.read(discussion_file.LARGEST_BYTES + 1))
            with made(settings()).app_context(), writing():
                slug = imports.store(read).slug
        except discussion_file.FileFaults as faults:
            raise Failure(named(str(faults))) from faults
    click.echo(f"{settings().public_url}/d/{slug}")


@discussion.command("export")
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="json", show_default=True)
def export_file(slug: str, kind: str) -> None:
    """Write the discussion at /d/SLUG to standard output."""
    from forum.archive import export
    from forum.models import Discussion

    with refusals(), made(settings(), only_reads=True).app_context():
        found = Discussion.with_slug(slug)
        if found is None:
            raise Failure(f"There is no discussion {slug}. `forum discussion list` shows them.")
        for piece in export.encoded(kind, found, settings().public_url):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


@discussion.command("list")
def list_discussions() -> None:
    """List every discussion: address, state, title."""
    from sqlalchemy import select

    from forum import clock
    from forum.database import db
    from forum.models import Discussion

    with refusals(), made(settings(), only_reads=True).app_context():
        for found in db.session.scalars(select(Discussion).order_by(*Discussion.soonest_first())):
            click.echo(f"{found.slug}\t{found.phase_at(clock.now()).value}\t{found.title}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write everything in the database to FILE while the site goes on."""
    _backup(lambda module, read: module.backup(read, file))
    read = settings()
    click.echo(f"Saved {place(read)} to {file}.")
    apart = f"{read.data_dir / 'media'} (pictures)"
    if not read.secret_key:
        apart += f" and {read.data_dir / 'secret_key'}"
    click.echo(f"Not in it, save it too: {apart}.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also over a database that holds discussions.")
def restore(file: Path, force: bool) -> None:
    """Put the backup FILE in place of the database; open pages then load anew. Stop the site first."""
    from forum import alone

    with refusals():
        if alone.is_held(settings()):
            click.echo("Warning: the site is running. What is written there at this moment is lost.", err=True)
    _backup(lambda module, read: module.restore(read, file, force=force))
    click.echo(f"Restored {place(settings())} from {file}.")


def _backup(do: Callable[..., None]) -> None:
    from forum.archive import backup as module

    with refusals():
        try:
            do(module, settings())
        except module.CannotBackUp as refusal:
            raise Failure(str(refusal)) from refusal


@main.command()
@click.argument("slug")
@click.option("--comments", default=20, show_default=True, type=click.IntRange(1, 100_000), help="How many to post.")
@click.option("--people", default=8, show_default=True, type=click.IntRange(1, 200), help="By how many people.")
@click.option("--minutes", default=None, type=click.FloatRange(0, 1440), help="Stop after this long, if not before.")
@click.option("--pause", default=1.0, show_default=True, type=click.FloatRange(0, 600), help="Seconds between two.")
def simulate(slug: str, comments: int, people: int, minutes: float | None, pause: float) -> None:
    """Let invented people answer in the live discussion at /d/SLUG, to rehearse or to test."""
    from forum.demo import simulate as simulation

    with refusals(), made(settings()).app_context():
        simulation.run(slug, comments, people, pause, minutes)


@main.group()
def mail() -> None:
    """Mail that comes in."""


@mail.command("receive")
@click.option("--to", "recipients", multiple=True, help="The envelope's recipient; else what the headers say.")
@click.option("--from", "sender", default=None, help="The envelope's sender; else what Return-Path says.")
@click.option("--lmtp", "where", default=None, help="Serve LMTP at HOST:PORT or the path of a socket, until SIGTERM.")
def receive_mail(recipients: tuple[str, ...], sender: str | None, where: str | None) -> None:
    """Take one mail from standard input, as a mail server's pipe, or serve LMTP. See docs/administering.md.

    The exit status of the pipe is one of sysexits.h: 0 taken, 65, 67 and 77 refused for good, 75 to be tried again.
    """
    from forum.incoming import lmtp, pipe

    if where is not None:
        read = settings()
        if not read.mail_replies and not read.mail_bounces:
            raise Failure("Set FORUM_MAIL_REPLIES or FORUM_MAIL_BOUNCES: without them no mail is for this site.")
        with refusals():
            try:
                lmtp.serve(made(read), where)
            except ValueError as error:
                raise Failure(str(error)) from error
        return
    try:
        outcome = pipe.run(settings(), list(recipients), sender)
    except Exception as error:  # whatever is wrong here is no reason to lose a mail
        click.echo(f"This mail is to be tried again later ({type(error).__name__}: {error}).", err=True)
        sys.exit(75)
    if outcome.status:
        click.echo(outcome.words, err=True)
    sys.exit(outcome.status)


if __name__ == "__main__":
    main()
