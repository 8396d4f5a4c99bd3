"""Templates compiled once for a machine, and kept beside them as Python keeps what it has compiled.

A template takes 10 to 40 ms to compile and all of them 1.7 s, in which a process answers and pushes nothing (measured,
docs/performance.md): whoever opened the console first after a start held up every reader. Kept they take 0.05 s.
`python -m forum.web.compiled` makes all of them, where the folder will not be writable later (deploy/Containerfile).
"""

import sys
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

_FOLDER = Path(__file__).parent.parent / "templates/__pycache__"


class Kept(FileSystemBytecodeCache):
    """The compiled templates in `folder`. Whatever is wrong with it costs the time to compile, and nothing else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), "%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill `bucket`, if what is kept is whole and of the same source."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # a file torn by a power cut: unpickling it can raise anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what `bucket` holds, where that is wanted and possible."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


def init_app(app: Flask, folder: Path = _FOLDER) -> None:
    """Let `app` keep its compiled templates in `folder`."""
    app.jinja_env.bytecode_cache = Kept(folder)


def compile_all(app: Flask) -> int:
    """Compile every template of `app` that is not kept yet, and return how many there are."""
    names = app.jinja_env.list_templates(filter_func=lambda name: "__pycache__" not in name)
    for name in names:
        app.jinja_env.get_template(name)
    return len(names)


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    from forum import create_app
    from forum.config import Settings

    with TemporaryDirectory() as unused:
        number = compile_all(create_app(Settings(data_dir=Path(unused))))
    print(f"{number} templates compiled in {_FOLDER}")
