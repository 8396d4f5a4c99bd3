"""The validators that others wrote, started as the programs they are."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.machine import missing

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"


def nu(folder: Path) -> list[dict[str, Any]]:
    """Return what the Nu HTML Checker (validator.w3.org/nu) says of every file in `folder`, from one process."""
    java = shutil.which("java") or missing("Java (Debian: default-jre-headless)")
    jar = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    assert jar.exists(), "make develop puts the checker into node_modules"
    command = [str(java), "-Xmx512m", "-Xss2m", "-jar", str(jar), "--format", "json", "--exit-zero-always", "--stdout"]
    done = subprocess.run([*command, str(folder)], capture_output=True, check=True, timeout=100)
    messages: list[dict[str, Any]] = json.loads(done.stdout)["messages"]
    return messages


def node(script: str, said: str) -> str:
    """Run an ES module in our folder with `said` as its input; return what it writes. It fails if the module does."""
    done = subprocess.run(
        [_node(), "--input-type=module", "--eval", script],
        input=said.encode(), capture_output=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def tsc(folder: Path) -> list[str]:
    """Return what TypeScript finds wrong with the .ts files in `folder`, which know the packages of node_modules."""
    (folder / "node_modules").symlink_to(MODULES, target_is_directory=True)
    files = sorted(map(str, folder.glob("*.ts")))
    flags = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "es2022", "--types", ""]
    command = [_node(), str(MODULES / "typescript" / "bin" / "tsc"), *flags, "--moduleResolution", "bundler", *files]
    done = subprocess.run(command, capture_output=True, cwd=folder, timeout=100, check=False)
    found = done.stdout.decode().splitlines()
    assert done.returncode == 0 or found, done.stderr.decode()
    return found


def _node() -> str:
    found = ROOT / ".venv" / "bin" / "node"
    return str(found) if found.exists() else shutil.which("node") or str(missing("node"))
