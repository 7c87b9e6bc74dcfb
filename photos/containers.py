"""What a photo's file is before Pillow opens it: HEIC (phones), the first page of a PDF (scans, sheets), or a header
over which Pillow would take minutes.
"""

from __future__ import annotations

import multiprocessing
import re
import signal
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock

from PIL import Image

from cad2real.errors import UserError
from cad2real.guarded_process import GivenUpError, GuardedProcess, Limits

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
PDF_MARK = b"%PDF-"
PDF_SIDE_PX = 3000
PDF_MOST_SCALE = 300 / 72  # dots an inch; a page is measured in points
PDF_LIMITS = Limits(cpu_s=20, wall_s=120.0, memory=1024**3)
REASONS = {
    "time": "its first page is not drawn after two minutes",
    "computing": "its first page takes too long to draw",
    "memory": "its first page takes too much memory",
    "crash": "its reader crashed over it",
}
MOST_BESIDE = 32_000_000
"""Bytes of a JPEG before its pixels: EXIF, colour profile, previews. Cameras write less than one million; the time that
is taken over them grows with the square.
"""
MOST_PPM_HEADER = 4096
_one_pdf = Lock()  # one process reads them


def open_other(path: Path) -> Image.Image | None:
    """The picture in a HEIC or PDF file; None for whatever else. Raises UserError."""
    with path.open("rb") as file:
        start = file.read(1024)
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return _heif(path)
    return _first_page(path) if start.lstrip().startswith(PDF_MARK) else None


def _heif(path: Path) -> Image.Image:
    try:
        import pillow_heif
    except ImportError:
        remedy = 'Export it as JPEG, or install it: pip install "cad2real[heic]".'
        raise UserError("is HEIC, which needs a library that is not installed.", remedy) from None
    pillow_heif.register_heif_opener()
    return Image.open(path, formats=("HEIF",))


def _first_page(path: Path) -> Image.Image:
    """The first page of a PDF, rendered by a process that may be lost: a file of 4 kB may draw for ever."""
    if multiprocessing.current_process().daemon:  # it has limits already, and may start no other
        answer = next(_rendered(path))
    else:
        with _one_pdf:
            try:
                answer = _pdf_reader().ask(path)
            except GivenUpError as error:
                raise UserError(f"is a PDF, and {_reason(error)}.", "Export its page as JPEG.") from None
    width, height = (int.from_bytes(answer[at : at + 4], "big") for at in (0, 4))
    if not width:
        raise ValueError(answer[8:].decode(errors="replace"))
    image = Image.frombytes("RGB", (width, height), answer[8:])
    image.format = "PDF"
    return image


def _reason(error: GivenUpError) -> str:
    """Why a page is not drawn. PDFium ends itself where it gets no memory."""
    return REASONS["memory" if error.detail == signal.SIGABRT.name else error.reason]


@lru_cache(maxsize=1)
def _pdf_reader() -> GuardedProcess[Path]:
    """One for this process, kept for its next PDF; it ends with it."""
    return GuardedProcess("reads PDFs", prepare_pdfs, PDF_LIMITS)


def prepare_pdfs() -> Callable[[Path], Iterator[bytes]]:
    """The work of that process, with its library loaded."""
    import pypdfium2  # noqa: F401

    return _rendered


def _rendered(path: Path) -> Iterator[bytes]:
    """Width, height (4 bytes each) and RGB of the first page of `path`; 0, 0 and the reason where there is none."""
    import pypdfium2

    document = None
    try:
        document = pypdfium2.PdfDocument(path)
        page = document[0]
        longer = max(page.get_size())
        if not longer > 0:
            raise ValueError("its first page has no size")
        image = page.render(scale=min(PDF_MOST_SCALE, PDF_SIDE_PX / longer)).to_pil().convert("RGB")
        answer = b"".join(side.to_bytes(4, "big") for side in image.size) + image.tobytes()
    except (pypdfium2.PdfiumError, ValueError) as error:
        answer = bytes(8) + str(error).encode()
    finally:
        if document is not None:
            document.close()
    yield answer


def check_header(path: Path) -> None:
    """Raises UserError for a JPEG or PPM file whose header is no photo's."""
    with path.open("rb") as file:
        start = file.read(MOST_PPM_HEADER)
        if re.match(rb"P[1-7FfyY]\s", start):
            lines = [line for line in start[2:].split(b"\n") if not line.lstrip().startswith(b"#")]
            if not b"".join(lines).strip():
                raise UserError("is damaged or incomplete (its header has no end).", "Export it again as JPEG.")
        if not start.startswith(b"\xff\xd8"):
            return
        at = 2
        while at < MOST_BESIDE:
            file.seek(at)
            mark = file.read(4)
            if len(mark) < 4 or mark[0] != 0xFF or mark[1] in (0xDA, 0xD9):
                return
            at += 1 if mark[1] == 0xFF else 2 + int.from_bytes(mark[2:], "big")
        raise UserError(f"has more than {MOST_BESIDE // 1_000_000} MB beside its picture.", "Export it again as JPEG.")
