"""What a workbook may hold, whoever reads it: a small .xlsx or .ods file may unpack to anything, or claim any row."""

from __future__ import annotations

import zipfile
from pathlib import Path

from cad2real.errors import UserError

MAX_UNPACKED_BYTES = 200_000_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 256
"""As many rows as Excel has; columns further to the right are not looked at."""


def check_unpacked(path: Path, archive: zipfile.ZipFile) -> None:
    """Raises UserError when the workbook `path`, opened as `archive`, unpacks to too much."""
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
        raise UserError(
            f"{path} unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB.",
            "Keep only the part list in it, without pictures and other sheets.",
        )


def check_row(path: Path, number: int) -> None:
    """Raises UserError for a row that Excel itself cannot have: readers count up to any number that a row claims."""
    if number > MAX_ROWS:
        raise UserError(f"{path} has rows beyond {MAX_ROWS:,}.", "Excel itself has no more; save it again.")
