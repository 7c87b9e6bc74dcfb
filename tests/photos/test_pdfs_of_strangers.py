"""A PDF that draws for ever, or ends its reader, is one skipped photo; the others are used."""

from __future__ import annotations

import multiprocessing
import random
from pathlib import Path

import pytest
from PIL import Image

from cad2real.errors import UserError
from cad2real.guarded_process import Limits
from photos import containers
from photos.containers import open_other


def endless_pdf(levels: int = 12, times: int = 20) -> bytes:
    """A page whose form draws a form 20 times, which draws a form 20 times, and so on: 20**11 lines."""
    draw = dict.fromkeys(range(levels), b"/F Do " * times) | {levels - 1: b"0 0 m 9 9 l S "}
    forms = {
        10 + at: b"<</Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</XObject<</F %d 0 R>>>>/Length %d>>"
        b"stream\n%s\nendstream" % (11 + at, len(draw[at]), draw[at])
        for at in range(levels)
    }
    return pdf(forms)


def pdf(forms: dict[int, bytes]) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</F 10 0 R>>>>>>"
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: page}
    objects |= {4: b"<</Length 5>>stream\n/F Do\nendstream"} | forms
    text, places = b"%PDF-1.5\n", {}
    for number, content in objects.items():
        places[number] = len(text)
        text += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    count = max(objects) + 1
    rows = [b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(count)]
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(text))
    return text + b"xref\n0 %d\n" % count + b"".join(rows) + end


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "PDF_LIMITS", Limits(2, 60.0, 1024**3))
    containers._pdf_reader.cache_clear()


def test_a_page_without_an_end_is_one_refused_file(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(tmp_path / "good.pdf")
    (tmp_path / "bad.pdf").write_bytes(endless_pdf())
    for _ in range(2):
        # Whichever limit it meets first: a slow machine's is the time.
        with pytest.raises(UserError, match=r"takes too (long to draw|much memory)"):
            open_other(tmp_path / "bad.pdf")
        good = open_other(tmp_path / "good.pdf")
        assert good is not None and good.format == "PDF" and good.getpixel((5, 5)) == (254, 0, 0)


def test_a_page_is_the_same_in_a_process_that_may_start_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "good.pdf")
    apart = open_other(tmp_path / "good.pdf")
    monkeypatch.setattr(type(multiprocessing.current_process()), "daemon", True)
    here = open_other(tmp_path / "good.pdf")
    assert apart is not None and here is not None and apart.tobytes() == here.tobytes()


def test_damaged_ones_are_read_or_refused(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(tmp_path / "good.pdf")
    whole, rng = (tmp_path / "good.pdf").read_bytes(), random.Random(0)
    for number in range(60):
        bytes_of = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            bytes_of[rng.randrange(6, len(whole))] = rng.randrange(256)
        (tmp_path / "bad.pdf").write_bytes(bytes_of if number % 4 else whole[: rng.randrange(20, len(whole))])
        try:
            open_other(tmp_path / "bad.pdf")
        except (UserError, ValueError) as error:
            assert "\n" not in str(error)
