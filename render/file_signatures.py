"""What files begin with: whoever is given a file that Blender is to open first looks whether it is one."""

from __future__ import annotations

from pathlib import Path

SIGNATURES = {
    ".usd": (b"PXR-USDC", b"#usda"),
    ".usda": (b"#usda",),
    ".usdc": (b"PXR-USDC",),
    ".usdz": (b"PK",),
    ".blend": (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"),  # as it is, or packed with zstd or gzip
}
"""First bytes of a file of each format, by its suffix."""


def has_signature(path: Path, suffix: str) -> bool:
    """Whether the file at `path` begins as one with `suffix` does. Raises KeyError for a suffix without a signature."""
    with path.open("rb") as file:
        return file.read(16).startswith(SIGNATURES[suffix])
