"""A ZIP archive that is sent while it is written: nothing of it is kept but the piece that is being made."""

import io
import zipfile


class Pipe:
    """Takes what `zipfile` writes, and gives it away piece by piece: an entry's size then stands after it."""

    def __init__(self) -> None:
        self._held = io.BytesIO()

    def write(self, data: bytes, /) -> int:
        """Take more."""
        return self._held.write(data)

    def flush(self) -> None:
        """Nothing lies anywhere else."""

    def close(self) -> None:
        """There is nothing to close."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        said = self._held.getvalue()
        self._held = io.BytesIO()
        return said


class WholeEntries(Pipe):
    """A pipe whose entries are each written whole between two takes: their sizes stand before them, as EPUB has it."""

    def __init__(self) -> None:
        super().__init__()
        self._given = 0

    def tell(self) -> int:
        """Return the place in the archive."""
        return self._given + self._held.tell()

    def seek(self, at: int) -> int:
        """Go back into the entry that is being written. Raises OSError for what is given away already."""
        if at < self._given:
            raise OSError("this piece of the archive has been sent")
        self._held.seek(at - self._given)
        return at

    def take(self) -> bytes:
        """Return what was written since the last time."""
        said = super().take()
        self._given += len(said)
        return said


def entry(name: str, *, packed: bool = True) -> zipfile.ZipInfo:
    """Return the head of an entry. All bear the same date, so that the same words make the same file."""
    head = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    head.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return head
