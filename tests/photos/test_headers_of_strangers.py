"""Headers over which a decoder takes minutes: one refused photo, at once."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from PIL import Image

from cad2real.errors import UserError
from photos.opening import open_photo


def jpeg_with(megabytes: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "JPEG")
    segment = b"\xff\xe1" + (65002).to_bytes(2, "big") + b"Exif\0\0" + bytes(64994)
    return file.getvalue()[:2] + segment * (megabytes * 1_000_000 // len(segment)) + file.getvalue()[2:]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jpg", jpeg_with(97)), ("a.ppm", b"P6 #" + b"x" * 50_000_000), ("b.ppm", b"P6\n" + b"#x\n" * 20_000_000)],
    ids=["exif", "a comment", "comments"],
)
def test_a_header_without_end_is_no_wait(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    started = time.process_time()
    with pytest.raises(UserError), open_photo(tmp_path / name) as photo:
        photo.read()
    assert time.process_time() - started < 10


def test_usual_headers_pass(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_with(1))
    with open_photo(tmp_path / "a.jpg") as photo:
        assert photo.width == 64
    (tmp_path / "a.ppm").write_bytes(b"P6\n# a comment\n16 16\n255\n" + bytes(768))
    with open_photo(tmp_path / "a.ppm") as photo:
        assert photo.width == 16
