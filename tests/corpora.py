"""Reads the bad-input corpora beside the project; they are not part of it."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def rows(*names: str) -> list[str]:
    """Return the inputs of the named corpora. Skips with the reason where they are absent."""
    if not FOLDER.is_dir():
        pytest.skip(f"the corpora are not at {FOLDER}")
    found = []
    for name in names:
        for line in (FOLDER / f"{name}.jsonl").read_text("ascii").splitlines():
            row = json.loads(line)
            found.append(row.get("input", "") or "".join(text * count for text, count in row.get("parts", [])))
    return found
