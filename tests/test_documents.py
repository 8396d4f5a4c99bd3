"""What the documents say of the house is so."""

import re
import subprocess
from pathlib import Path
from textwrap import dedent

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


def test_the_script_for_a_mail_servers_pipe_loses_no_mail(tmp_path):
    """A mail server sends back what ends in any other status than 75."""
    text = (ROOT / "docs" / "administering.md").read_text()
    script = dedent("    #!/bin/sh" + text.partition("    #!/bin/sh")[2].partition("\n\n")[0])
    settings, home = tmp_path / "roundtext.env", tmp_path / "opt"
    script = script.replace("/etc/roundtext.env", str(settings)).replace("/opt/roundtext", str(home))

    def run():
        return subprocess.run(
            ["/bin/sh", "-c", script, "mail", "--to", "a b"], capture_output=True, text=True, timeout=60
        )

    assert run().returncode == 75, "no settings that it may read"
    settings.write_text("FORUM_SITE_NAME='Our & your talks'\n")
    assert run().returncode == 75, "no software"
    (home / ".venv" / "bin").mkdir(parents=True)
    program = home / ".venv" / "bin" / "forum"
    program.write_text('#!/bin/sh\necho "$FORUM_SITE_NAME $FORUM_DATA_DIR $4"\n')
    program.chmod(0o755)
    assert run().stdout == "Our & your talks /var/lib/roundtext a b\n"
