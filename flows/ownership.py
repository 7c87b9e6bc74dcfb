"""Whose project is it: dvc.yaml names commands, so a folder that somebody else prepared runs what they like.

As git does with safe.directory: the project has to belong to who runs it, or to be named as trusted.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cad2real.errors import UserError

TRUSTED_VARIABLE = "CAD2REAL_TRUSTED_PROJECTS"
DECIDES = (
    "",
    "dvc.yaml",
    "dvc.lock",
    "params.yaml",
    ".dvc",
    ".dvc/config",
    ".dvc/config.local",
    ".dvc/tmp",
    ".prefect",
    "data",
    "data/cache",
    "data/cache/dvc",
)
"""What in a project decides which programs run, or is read back without suspicion."""


def refuse_foreign_project(root: Path) -> None:
    """Raises UserError when what decides about the project at `root` belongs to another user, unless that is trusted:
    CAD2REAL_TRUSTED_PROJECTS lists folders, with colons between.
    """
    home = root.resolve()
    trusted = {Path(entry).resolve() for entry in os.environ.get(TRUSTED_VARIABLE, "").split(os.pathsep) if entry}
    if home in trusted:
        return
    ours = {os.geteuid(), *_behind_sudo()}
    for name in DECIDES:
        path = home / name
        for owner in sorted(_owners(path) - ours):
            raise UserError(
                f"{path} belongs to another user (uid {owner}), whose commands a run would execute as you.",
                f"Copy the project into a folder of yours, or, if you trust it: export {TRUSTED_VARIABLE}={home}",
            )


def _owners(path: Path) -> set[int]:
    """Who owns `path` and, where it is a link, what it leads to, as far as it is there."""
    owners = set()
    for state in (path.lstat, path.stat):
        with suppress(OSError):
            owners.add(state().st_uid)
    return owners


def _behind_sudo() -> set[int]:
    """Who called `sudo`: root may work on that user's project."""
    user = os.environ.get("SUDO_UID", "")
    return {int(user)} if os.geteuid() == 0 and user.isdecimal() else set()
