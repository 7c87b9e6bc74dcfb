"""The password of the Prefect server that a project starts for itself: other people on the machine reach 127.0.0.1 too,
and who may talk to the server may have it run things.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cad2real.errors import UserError

FILE = Path(".prefect") / "password"
USER = "cad2real"


def service_password(root: Path) -> str:
    """`user:password` of the project at `root`, made on first use and kept in .prefect/password for its owner alone.
    The folder has to be there.

    Raises UserError when the file can be read by others or belongs to somebody else.
    """
    path = root / FILE
    if not path.exists():
        handle, written = tempfile.mkstemp(dir=path.parent)  # for its owner alone
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{USER}:{secrets.token_urlsafe(32)}\n")
        with suppress(FileExistsError):  # another process was faster: its password is the one
            os.link(written, path)
        Path(written).unlink()
    state = path.lstat()
    if path.is_symlink() or state.st_uid != os.geteuid() or state.st_mode & 0o077:
        raise UserError(f"{path} is not readable for its owner alone.", "Delete it; a new one is made.")
    return path.read_text(encoding="utf-8").strip()
