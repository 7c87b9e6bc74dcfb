"""Why a transfer by DVC failed, in one line. With `--quiet` DVC would give no reason."""

from __future__ import annotations

ERROR = "ERROR: "
ONE_FILE = "failed to transfer"


def transfer_error(stderr: str) -> str:
    """DVC's last error in `stderr`, after what happened to the first file, which DVC repeats for every other."""
    errors = [line.strip().removeprefix(ERROR) for line in stderr.splitlines() if line.strip().startswith(ERROR)]
    files = [error.partition(" - ")[2] or error for error in errors if error.startswith(ONE_FILE)]
    rest = [error for error in errors if not error.startswith(ONE_FILE)]
    return "; ".join([*files[:1], *rest[-1:]]) or (stderr.strip().splitlines() or ["no reason given"])[-1]
