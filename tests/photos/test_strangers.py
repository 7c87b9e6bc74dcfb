"""Photos of strangers: whatever the bytes of a file or of its name, it is used or listed, and the others go on."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photos.pixels import LARGE_BYTES, decoded_bytes, to_rgb
from photos.stage import make_squares
from tests.peak_memory import printed_and_peak_mb

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
MODES = {"JPEG": ("L", "RGB", "CMYK"), "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "TIFF": ("F", "CMYK", "L")}


def picture(format_name: str, mode: str, rng: np.random.Generator) -> bytes:
    image = Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8))
    stream = io.BytesIO()
    (image.convert("L").convert(mode) if mode in {"I;16", "F"} else image.convert(mode)).save(stream, format_name)
    return stream.getvalue()


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes of `content` changed, and at times its end missing."""
    data = bytearray(content)
    for place in rng.integers(0, len(data), int(rng.integers(1, 12))):
        data[place] = int(rng.integers(256))
    return bytes(data[: int(rng.integers(1, len(data) + 1))]) if rng.random() < 0.3 else bytes(data)


def random_name(rng: np.random.Generator) -> bytes:
    """Any bytes that Linux takes for a file's name."""
    return bytes(rng.integers(1, 256, int(rng.integers(1, 20)), np.uint8)).replace(b"/", b"_")


@pytest.mark.parametrize("seed", range(4))
def test_every_file_is_used_or_listed(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path / "photos"
    no_text = folder / os.fsdecode(b"caf\xe9")
    no_text.mkdir(parents=True)
    expected = set()
    for number in range(80):
        format_name = FORMATS[int(rng.integers(len(FORMATS)))]
        kind = rng.random()
        content = picture(format_name, str(rng.choice(MODES.get(format_name, ("RGB",)))), rng)
        if kind < 0.6:
            content = damaged(content, rng)
        elif kind < 0.75:
            content = rng.bytes(int(rng.integers(0, 500)))
        name = random_name(rng) if rng.random() < 0.5 else f"photo {number}.{format_name.lower()}".encode()
        path = (no_text if number % 9 == 0 else folder) / os.fsdecode(name)
        if name.startswith(b".") or path.is_dir():
            continue  # hidden files are no photos
        path.write_bytes(content)
        expected.add(path)
    outcome = make_squares(folder, None, "shift", 16, tmp_path / "squares")
    used = {row.photo for row in outcome.rows}
    assert len(used) + len(outcome.skipped) == len(expected)
    assert len(used) > 5
    listed = json.loads((tmp_path / "squares" / "skipped.json").read_text(encoding="utf-8"))
    assert len(listed) == len(outcome.skipped)
    assert all(item["reason"] and item["thing"] for item in listed)


def test_a_palette_picture_without_its_palette_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    stream = io.BytesIO()
    Image.new("P", (32, 32)).save(stream, "PNG")
    content = stream.getvalue()
    start = content.index(b"PLTE") - 4
    length = int.from_bytes(content[start : start + 4], "big")
    (folder / "bare.png").write_bytes(content[:start] + content[start + 12 + length :])
    Image.new("RGB", (32, 32)).save(folder / "good.png")
    outcome = make_squares(folder, None, "shift", 16, tmp_path / "squares")
    assert len(outcome.rows) + len(outcome.skipped) == 2
    assert "good.png" in {row.photo for row in outcome.rows}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK", "I;16"])
def test_strips_give_what_the_whole_gives(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 255, (61, 47, 3), np.uint8))
    image = image.convert("L").convert(mode) if mode == "I;16" else image.convert(mode)
    if mode == "P":
        image.info["transparency"] = 3
    whole = to_rgb(image)
    monkeypatch.setattr("photos.pixels.LARGE_BYTES", 100)
    monkeypatch.setattr("photos.pixels.STRIP_ROWS", 8)
    assert np.array_equal(np.asarray(to_rgb(image)), np.asarray(whole))
    smaller = to_rgb(image, 0.3)
    assert smaller.size == (16, 21)
    assert np.allclose(np.asarray(smaller), np.asarray(whole.reduce(3)), atol=1)


def test_a_very_large_photo_takes_less_than_a_gigabyte(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    huge = Image.new("RGBA", (12_000, 12_000), (200, 30, 30, 128))
    assert decoded_bytes(huge) > LARGE_BYTES
    huge.save(folder / "huge.png", compress_level=1)
    huge.close()
    script = (
        "import sys\nfrom pathlib import Path\nfrom photos.stage import make_squares\n"
        "print(len(make_squares(Path(sys.argv[1]), None, 'shift', 64, Path(sys.argv[2])).rows))"
    )
    squares, megabytes = printed_and_peak_mb(script, folder, tmp_path / "squares")
    assert squares == "1"
    assert megabytes < 1000
    with Image.open(next((tmp_path / "squares").glob("*.jpg"))) as square:
        assert np.allclose(np.asarray(square)[32, 32], (227, 142, 142), atol=3)  # half transparent red on white


def test_a_file_of_a_terabyte_is_no_wait(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(10**12)
    outcome = make_squares(folder, None, "pad", 64, tmp_path / "out")
    assert [fault.thing for fault in outcome.skipped] == ["huge.jpg"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_boxes_of_strangers_are_used_or_listed(tmp_path: Path, end: str) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (64, 48), "red").save(folder / "a.png")
    corners = ["1,1,40,40", "nan,1,40,40", "-inf,0,inf,9", "1e308,0,1e309,9", "1,1,1e999,40", "1_0,1,40,40"]
    rows = ["image,label,x_min,y_min,x_max,y_max", *(f"a.png,x,{corner}" for corner in corners)]
    rows += [f"{name},x,1,1,9,9" for name in ("b\0/a.png", "x" * 5000 + "/a.png", "../a.png", "/etc/passwd", "\x1b[2J")]
    (tmp_path / "boxes.csv").write_bytes(end.join(rows).encode())
    outcome = make_squares(folder, tmp_path / "boxes.csv", "pad", 64, tmp_path / "out")
    assert len(outcome.rows) + len(outcome.skipped) == len(rows) - 1
    assert len(outcome.rows) >= 1
