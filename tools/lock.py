"""Writes requirements.lock: what pyproject.toml asks for (with the extra `dev`) and all that this pulls in, each with
its version and the hash of the file that pip takes on Linux x86-64 with Python 3.13.

    make lock

pip itself resolves. Versions that the lock holds stay; what is not in it yet comes in its newest version, so a package
is renewed by deleting its line. Lines without a hash (of a merge, say) get one; what nothing needs any more leaves.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)")


def wanted(pyproject: Path) -> list[str]:
    """The requirements of the project and of working on it."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def pins(lock: Path) -> list[str]:
    """name==version of each package in the lock, without hashes."""
    found = map(PIN.match, lock.read_text(encoding="utf-8").splitlines())
    return [match[0] for match in found if match]


def lines(report: dict[str, Any]) -> list[str]:
    """The lock's lines, from what pip would install. Raises ValueError for a package whose hash pip does not say.

    >>> archive = {"hashes": {"sha256": "0123abcd"}}
    >>> package = {"metadata": {"name": "Pillow", "version": "13.0.0"}, "download_info": {"archive_info": archive}}
    >>> lines({"install": [package]})
    ['pillow==13.0.0 --hash=sha256:0123abcd']
    """
    found = {}
    for package in report["install"]:
        name, version = canonicalize_name(package["metadata"]["name"]), package["metadata"]["version"]
        sha256 = package["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
        if sha256 is None:
            raise ValueError(f"the index says no sha256 of {name} {version}")
        found[name] = f"{name}=={version} --hash=sha256:{sha256}"
    return [line for _, line in sorted(found.items())]


def resolve(requirements: list[str], constraints: list[str]) -> dict[str, Any]:
    """Pip's report of what it would install into an empty environment. Raises CalledProcessError, after pip's words."""
    with tempfile.TemporaryDirectory() as folder:
        asked, held, report = (Path(folder) / name for name in ("asked.txt", "held.txt", "report.json"))
        asked.write_text("\n".join(requirements), encoding="utf-8")
        held.write_text("\n".join(constraints), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-input"]
        command += ["--report", str(report), "--constraint", str(held), "--requirement", str(asked)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        read: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return read


def main() -> int:
    if (platform.system(), platform.machine(), sys.version_info[:2]) != ("Linux", "x86_64", (3, 13)):
        print("error: the lock is made on Linux x86-64 with Python 3.13, for which it holds.", file=sys.stderr)
        return 1
    try:
        found = lines(resolve(wanted(ROOT / "pyproject.toml"), pins(LOCK)))
    except subprocess.CalledProcessError as error:
        print(f"error: pip found no set of packages (exit code {error.returncode}); it says why.", file=sys.stderr)
        return 1
    temporary = LOCK.with_suffix(".lock.tmp")
    temporary.write_text("\n".join(found) + "\n", encoding="utf-8")
    temporary.replace(LOCK)
    print(f"{LOCK.name}: {len(found)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
