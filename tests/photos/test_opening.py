"""Photos of every kind: used correctly, or refused with a reason."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cad2real.errors import UserError
from photos.crop import Box
from photos.square import photo_square

RED, GREEN = (200, 30, 30), (30, 160, 60)


def _halves(width: int = 80, height: int = 60) -> Image.Image:
    """Left half red, right half green."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height))
    return image


def _color(image: Image.Image, x: float, y: float) -> np.ndarray:
    return np.asarray(image.getpixel((int(x * image.width), int(y * image.height))), dtype=int)


def _near(image: Image.Image, x: float, y: float, color: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(_color(image, x, y) - color).max() <= tolerance)


def _bomb(path: Path) -> None:
    """A PNG of 20,000 x 20,000 pixels in a few bytes: only its header is real."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_a_whole_photo_is_padded_with_black(tmp_path: Path) -> None:
    _halves().save(tmp_path / "a.png")
    square = photo_square(tmp_path / "a.png", None, "shift", 64)
    assert (square.size, square.mode) == ((64, 64), "RGB")
    assert _near(square, 0.25, 0.5, RED) and _near(square, 0.75, 0.5, GREEN)
    assert _near(square, 0.5, 0.02, (0, 0, 0), 0) and _near(square, 0.5, 0.98, (0, 0, 0), 0)
    rows = np.asarray(square).any(axis=(1, 2))
    assert rows.sum() == 48 and rows[8:56].all()  # 60 / 80 of 64, centred; the black does not bleed into the photo


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_exif_turns_the_photo_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    from photos.opening import UPRIGHT

    upright = _halves()
    upright.paste((240, 240, 60), (0, 0, 20, 15))  # one marked corner: all eight orientations differ
    inverse = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    stored = upright
    if orientation in UPRIGHT:
        stored = upright.transpose(inverse.get(orientation, UPRIGHT[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    stored.save(path, exif=exif, quality=95)
    square = photo_square(path, Box(0, 0, 80, 60), "shift", 64)
    assert _near(square, 0.1, 0.2, (240, 240, 60), 20)
    assert _near(square, 0.2, 0.8, RED) and _near(square, 0.9, 0.5, GREEN)


def test_modes_of_every_kind(tmp_path: Path) -> None:
    _halves().convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    _halves().convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    _halves().save(tmp_path / "first.gif", save_all=True, append_images=[Image.new("RGB", (80, 60), "blue")])
    _halves().save(tmp_path / "a.webp", quality=95)
    for path in sorted(tmp_path.iterdir()):
        square = photo_square(path, None, "shift", 64)
        assert _near(square, 0.25, 0.5, RED, 40) and _near(square, 0.75, 0.5, GREEN, 40), path.name


def test_sixteen_bit_grey_keeps_its_tones(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    Image.fromarray(ramp).save(tmp_path / "deep.tif")
    for name in ("deep.png", "deep.tif"):
        got = np.asarray(photo_square(tmp_path / name, None, "shift", 64)).astype(int)
        assert np.abs(got[..., 0] - (ramp >> 8)).max() <= 1


def test_transparency_becomes_white(tmp_path: Path) -> None:
    image = _halves().convert("RGBA")
    image.paste((0, 0, 0, 0), (40, 0, 80, 60))
    image.save(tmp_path / "cutout.png")
    square = photo_square(tmp_path / "cutout.png", None, "shift", 64)
    assert _near(square, 0.25, 0.5, RED) and _near(square, 0.75, 0.5, (255, 255, 255))


def test_large_jpegs_are_decoded_smaller_without_moving_the_box(tmp_path: Path) -> None:
    image = Image.new("RGB", (3000, 2000), GREEN)
    image.paste(RED, (1200, 800, 2000, 1600))
    image.save(tmp_path / "large.jpg", quality=95)
    image.save(tmp_path / "large.png")
    for name in ("large.jpg", "large.png"):
        square = photo_square(tmp_path / name, Box(1200, 800, 2000, 1600), "shift", 64)
        inner = np.asarray(square)[2:-2, 2:-2].astype(int)
        assert np.abs(inner - RED).max() <= 12


def test_photos_that_cannot_be_used(tmp_path: Path) -> None:
    _halves().save(tmp_path / "whole.jpg")
    (tmp_path / "truncated.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:400])
    _halves(400, 400).save(tmp_path / "whole.png", compress_level=0)
    (tmp_path / "truncated.png").write_bytes((tmp_path / "whole.png").read_bytes()[:5000])
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    _bomb(tmp_path / "huge.png")
    (tmp_path / "words.jpg").write_text("these are words, not a picture")
    (tmp_path / "nothing.jpg").write_bytes(b"")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 200)
    (tmp_path / "sheet.pdf").write_bytes(b"%PDF-1.7\nno more of it")
    _halves().save(tmp_path / "raw.tif")
    (tmp_path / "raw.tif").rename(tmp_path / "camera.DNG")
    (tmp_path / "code.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    expected = {
        "truncated.jpg": "damaged or incomplete",
        "truncated.png": "damaged or incomplete",
        "dot.png": "1x1 pixels, which is too small",
        "huge.png": "too many pixels|too large",
        "words.jpg": "not a picture",
        "nothing.jpg": "is empty",
        "phone.heic": "damaged or incomplete",
        "sheet.pdf": "damaged or incomplete",
        "camera.DNG": "raw file",
        "code.jpg": "not a picture",
        "missing.jpg": "no such photo",
    }
    for name, why in expected.items():
        with pytest.raises(UserError, match=why) as caught:
            photo_square(tmp_path / name, None, "shift", 64)
        assert name in str(caught.value) and caught.value.remedy


def test_containers_of_phones_and_scanners(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    _halves(160, 120).save(tmp_path / "phone.heic", quality=90)
    # A HEIC's own transformation, which its decoder heeds, holds; its EXIF only repeats it.
    _halves(160, 120).save(tmp_path / "turned.heic", quality=90, exif=exif)
    _halves(160, 120).save(tmp_path / "a.avif", quality=90)
    _halves(160, 120).save(tmp_path / "sheet.pdf", resolution=72)
    _halves(160, 120).save(
        tmp_path / "two.mpo", save_all=True, append_images=[Image.new("RGB", (160, 120))], quality=95
    )
    (tmp_path / "two.mpo").rename(tmp_path / "two.jpg")  # as phones call it
    _halves(160, 120).save(tmp_path / "a.bmp")
    for path in sorted(tmp_path.iterdir()):
        square = photo_square(path, None, "shift", 64)
        assert _near(square, 0.25, 0.5, RED, 25) and _near(square, 0.75, 0.5, GREEN, 25), path.name
        assert _near(square, 0.5, 0.02, (0, 0, 0), 0), path.name


def test_the_lack_of_a_library_for_heic_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 200)
    with pytest.raises(UserError, match=r"cad2real\[heic\]"):
        photo_square(tmp_path / "phone.heic", None, "shift", 64)


def _swapped_profile() -> bytes:
    """sRGB with its red and green primaries swapped: whoever heeds it sees red where green is written."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"!XYZ").replace(b"gXYZ", b"rXYZ").replace(b"!XYZ", b"gXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "odd.".encode("utf-16-be"))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_colours_are_those_of_the_profile(tmp_path: Path, name: str) -> None:
    _halves(400, 300).save(tmp_path / name, icc_profile=_swapped_profile(), quality=95)
    square = photo_square(tmp_path / name, None, "shift", 64)
    assert _near(square, 0.25, 0.5, (RED[1], RED[0], RED[2]), 20) and _near(square, 0.75, 0.5, (160, 30, 60), 20)
    with Image.open(tmp_path / name) as image:
        image.save(tmp_path / f"damaged-{name}", icc_profile=b"no profile", quality=95)
    assert _near(photo_square(tmp_path / f"damaged-{name}", None, "shift", 64), 0.25, 0.5, RED, 20)


def test_sixteen_bit_colour(tmp_path: Path) -> None:
    rows = np.zeros((32, 32, 3), ">u2")
    rows[:, :16], rows[:, 16:] = [value * 257 for value in RED], [value * 257 for value in GREEN]
    body = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    content = b"".join(struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    square = photo_square(tmp_path / "deep.png", None, "shift", 64)
    assert _near(square, 0.25, 0.5, RED, 6) and _near(square, 0.75, 0.5, GREEN, 6)
