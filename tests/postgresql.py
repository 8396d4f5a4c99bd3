"""A private PostgreSQL server on a free port, which tests may stop, start and cut off."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.machine import free_port, missing


def postgresql_folder() -> Path | None:
    """Return the folder with initdb and pg_ctl: on PATH, or where Debian keeps them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class Cluster:
    """One server: `address` is its URL without a database's name."""

    def __init__(self, home: Path, programs: Path, options: str) -> None:
        self.home, self._programs, self._data = home, programs, home / "data"
        self.port = free_port()
        self.address = f"postgresql://roundtext@127.0.0.1:{self.port}"
        self._options = (
            f"-p {self.port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off {options}"
        )

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs. The server refuses to be root, so root hands it to nobody."""
        as_server = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        command = [*as_server, str(self._programs / program), "-D", str(self._data), *arguments]
        subprocess.run(command, check=True, cwd=self.home, stdout=subprocess.DEVNULL, timeout=60)

    def make(self) -> None:
        """Make its files."""
        self.run("initdb", "-U", "roundtext", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.run("pg_ctl", "-l", str(self.home / "log"), "-w", "-o", self._options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "fast" hangs up on everybody, "immediate" is a crash."""
        self.run("pg_ctl", "-m", mode, "-w", "stop")

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Freeze the server and everybody who works for it: connections stay, and nothing is answered."""
        family = self._family()
        for process in family:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in family:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def _family(self) -> list[int]:
        """Return the process that minds the others, and these: it first, so that it makes no more of them."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def cut(self, database: str) -> int:
        """Hang up on everybody who is connected to `database`; return how many that were."""
        import psycopg

        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,)
            )
            return len(ended.fetchall())


@contextmanager
def cluster(options: str = "") -> Iterator[Cluster]:
    """Start a server with more `options` for its command line; it is thrown away when the block ends."""
    programs = postgresql_folder()
    if programs is None:
        missing("PostgreSQL (initdb, pg_ctl)")
    assert programs is not None
    # pytest closes its own folders to other users, and the server is another user.
    home = Path(tempfile.mkdtemp(prefix="roundtext-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(home, "nobody", "nogroup")
    made = Cluster(home, programs, options)
    try:
        made.make()
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")
    finally:
        shutil.rmtree(home, ignore_errors=True)
