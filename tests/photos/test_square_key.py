"""The content keys of squares, to the letter: with another key every photo is cut again, and the index built anew.

The box stands in the key as Python writes it, class and field names included. Whoever changes a key here means it: the
square's pixels differ, and `RECIPE` is raised with it.
"""

from __future__ import annotations

import pytest

from photos.crop import Box
from photos.manifest import content_key


@pytest.mark.parametrize(
    ("box", "border", "size", "expected"),
    [
        (None, "shift", 512, "b7fbf530d854e3b2"),
        (None, "pad", 512, "b7fbf530d854e3b2"),
        (Box(10, 20.5, 110, 90), "shift", 512, "60203a64e964106b"),
        (Box(10.0, 20.5, 110.0, 90.0), "pad", 128, "ad76d9a37e3dfcad"),
    ],
)
def test_keys(box: Box | None, border: str, size: int, expected: str) -> None:
    assert content_key("3afed8c8d69f9bfd", box, border, size) == expected
