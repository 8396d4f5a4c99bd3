"""What a file of a discussion says, also inside an archive: there a word is as readable, and as badly hidden."""

import io
import zipfile

from forum.archive import export


def text_of(data: bytes) -> str:
    """Return the text of a file, of an archive the text of everything in it."""
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return "\n".join(f"{name}\n{archive.read(name).decode('utf-8', 'replace')}" for name in archive.namelist())


def said(kind, discussion) -> str:
    """Return what the file of `discussion` in one of `export.KINDS` says to whoever opens it."""
    return text_of(b"".join(export.encoded(kind, discussion, "https://forum.example")))
