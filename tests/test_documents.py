"""What the documents say of the house is so."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_architecture_names_every_room():
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.partition("## Rooms")[2].partition("\n## ")[0]
    rooms = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = {name for room in rooms for name in re.findall(r"`(\w+(?:\.py|/))`", room)}
    inside = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "forum").iterdir()
        if path.name not in {"__init__.py", "__pycache__", "templates"}
    }
    assert named == {name for name in inside if name.endswith(("/", ".py"))}
