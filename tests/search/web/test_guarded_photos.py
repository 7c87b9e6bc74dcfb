"""Photos of strangers are decoded in a process that may be lost: it costs that upload, never the server."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

import search.seeing.guarded_photos as guarded
import search.web.app
from cad2real.errors import UserError
from search.seeing.decoded import decoded_file
from search.seeing.guarded_photos import LIMITS, PhotoGuard
from search.web.app import create_app
from search.web.live import LiveSearch
from tests.search.web.bad_decoder import prepare_badly
from tests.search.web.conftest import photo


def with_label(size: tuple[int, int], kind: str = "JPEG", **saved: object) -> bytes:
    """A noisy photo with a code in it."""
    rng = np.random.default_rng(0)
    noise = rng.integers(60, 200, (size[1] // 16, size[0] // 16, 3)).astype(np.uint8)
    picture = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    code = zxingcpp.create_barcode("A222-991", zxingcpp.BarcodeFormat.QRCode)
    picture.paste(Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(code, scale=size[0] // 150))), (40, 40))
    content = io.BytesIO()
    picture.save(content, kind, **saved)
    return content.getvalue()


@pytest.mark.parametrize("least", [0.0, 0.9])
@pytest.mark.parametrize(("kind", "size"), [("JPEG", (2400, 1800)), ("JPEG", (900, 600)), ("PNG", (900, 600))])
def test_it_sees_what_this_process_would(
    shared_guard: PhotoGuard, tmp_path: Path, kind: str, size: tuple[int, int], least: float
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    content = with_label(size, kind, exif=exif)
    (tmp_path / "photo").write_bytes(content)
    there, here = shared_guard.decoded(content, "", least), decoded_file(tmp_path / "photo", least)

    def alike(share: float) -> None:
        ours, theirs = (np.asarray(one.read(share)) for one in (here, there))
        assert np.array_equal(ours, theirs) and len(ours) >= 0.95 * share * here.height

    assert (there.width, there.height) == (here.width, here.height) == (size[1], size[0])
    alike(0.2)
    assert [code.text for code in there.codes()] == ["A222-991"]
    assert there.codes() == here.codes()
    alike(1.0)  # decoded again where the first time was smaller
    alike(0.1)


def test_codes_that_nobody_asks_for_do_not_get_into_the_next_answer(shared_guard: PhotoGuard) -> None:
    first = shared_guard.decoded(with_label((800, 600)), "", 0.0)
    second = shared_guard.decoded(photo("washer"), "", 0.0)
    assert (second.width, second.height, second.codes()) == (60, 40, [])
    assert [code.text for code in first.codes()] == ["A222-991"]


@pytest.mark.parametrize("content", [b"", b"text", b"%PDF-1.4 nothing", b"\xff\xd8\xff\xe0" * 50])
def test_what_is_no_photo_is_said_and_ends_nothing(shared_guard: PhotoGuard, content: bytes) -> None:
    shared_guard.decoded(photo("washer"), "", 0.0)
    process = shared_guard.process._process
    with pytest.raises(UserError, match="Photo 2 is ") as refused:
        shared_guard.decoded(content, "Photo 2", 0.0)
    assert "/proc" not in str(refused.value) and shared_guard.process._process is process


def test_too_many_pixels_are_refused_by_the_header(shared_guard: PhotoGuard) -> None:
    content = io.BytesIO()
    Image.new("1", (8000, 8000)).save(content, "PNG")
    with pytest.raises(UserError, match="is 8000x8000 pixels; at most 60 megapixels are taken"):
        shared_guard.decoded(content.getvalue(), "", 0.0)


def test_a_photo_that_takes_too_much_memory_is_given_up() -> None:
    guard = PhotoGuard(replace(LIMITS, memory=60_000_000))
    content = io.BytesIO()
    Image.new("RGBA", (6000, 6000), "red").save(content, "PNG")
    try:
        with pytest.raises(UserError, match="takes too much memory to decode"):
            guard.decoded(content.getvalue(), "", 0.0)
        assert guard.decoded(photo("washer"), "", 0.0).width == 60
    finally:
        guard.close()


@pytest.fixture
def bad_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[PhotoGuard]:
    monkeypatch.setattr(guarded, "prepare", prepare_badly)
    guard = PhotoGuard(replace(LIMITS, cpu_s=1, wall_s=4.0))
    yield guard
    guard.close()


LIES = (
    b'{"width": 10, "height": 10, "picture": [40000, 40000]}',
    b'{"width": 10, "height": -1, "picture": [4, 4]}',
    b'{"width": 10, "height": 10}',
    b"{",
)


def test_whatever_a_decoder_does_the_server_goes_on(
    shop: Path, bad_guard: PhotoGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.web.app, "LiveSearch", lambda root: LiveSearch(root, _guard=bad_guard))
    with TestClient(create_app(shop), base_url="http://127.0.0.1:8000") as client:
        for bad in (b"crash", b"hang", b"compute", *LIES):
            answer = client.post("/api/search", files={"photo": bad})
            assert answer.status_code == 400, bad
            assert answer.json()["error"].startswith(("is damaged", "was not decoded", "takes too long"))
            good = client.post("/api/search", files={"photo": photo("washer")})
            assert good.status_code == 200, good.text
            assert good.json()["answers"][0]["parts"][0]["part_id"] == "washer"
        two = client.post("/api/search", files=[("photo", photo("washer")), ("more", b"crash")])
        assert two.status_code == 400 and two.json()["error"].startswith("Photo 2 ")


def test_a_process_that_cannot_start_is_nobodys_photo(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "prepare", os._exit)
    monkeypatch.setattr(search.web.app, "LiveSearch", LiveSearch)
    with TestClient(create_app(shop), base_url="http://127.0.0.1:8000") as client:
        for path in ("/api/search", "/"):
            answer = client.post(path, files={"photo": photo("washer")})
            assert answer.status_code == 503 and "does not start" in answer.text and answer.headers["retry-after"]


def test_a_frame_decodes_the_photo_once(shared_guard: PhotoGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = shared_guard.decoded(with_label((2400, 1800)), "", 0.5)
    monkeypatch.setattr(shared_guard, "_look", None)  # a second time would fail
    for share in (0.5, 0.3, 0.66):
        assert decoded.read(share).width >= 0.95 * share * 2400
