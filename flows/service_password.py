"""The password of the Prefect server that a project starts for itself: other people on the machine reach 127.0.0.1 too,
and who may talk to the server may have it run things.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cad2real.errors import UserError

FILE = Path(".prefect") / "password"
USER = "cad2real"
PASSWORD = re.compile(r"[!-9;-~]+:[!-~]{16,}")


def service_password(root: Path) -> str:
    """`user:password` of the project at `root`, made on first use and kept in .prefect/password for its owner alone.
    The folder has to be there.

    Raises UserError when the file can be read by others or belongs to somebody else.
    """
    path = root / FILE
    try:
        if not path.exists():
            _make(path)
        state = path.lstat()
        password = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be made or read ({error}).", "Make room, or delete it.") from None
    if path.is_symlink() or state.st_uid != os.geteuid() or state.st_mode & 0o077:
        raise UserError(
            f"{path} is not readable for its owner alone.",
            "Delete it; a new one is made. On a drive without Unix rights: put the project elsewhere.",
        )
    if not PASSWORD.fullmatch(password):  # without one Prefect would ask for none
        raise UserError(f"{path} holds no password (user:password).", "Delete it; a new one is made.")
    return password


def _make(path: Path) -> None:
    """Writes a new password into `path`, whole, unless another process was faster: then its password is the one."""
    handle, written = tempfile.mkstemp(dir=path.parent)  # for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{USER}:{secrets.token_urlsafe(32)}\n")
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        Path(written).unlink()
