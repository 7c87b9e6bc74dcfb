"""Pictures that Pillow does not open by itself: HEIC (phones), and the first page of a PDF (scans, sheets)."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from PIL import Image

from cad2real.errors import UserError

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
PDF_MARK = b"%PDF-"
PDF_SIDE_PX = 3000
PDF_MOST_SCALE = 300 / 72  # dots an inch; a page is measured in points
_one_pdf = Lock()  # PDFium is not made for threads


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
    import pypdfium2

    with _one_pdf:
        document = None
        try:
            document = pypdfium2.PdfDocument(path)
            page = document[0]
            longer = max(page.get_size())
            if not longer > 0:
                raise ValueError("its first page has no size")
            image: Image.Image = page.render(scale=min(PDF_MOST_SCALE, PDF_SIDE_PX / longer)).to_pil().convert("RGB")
        except pypdfium2.PdfiumError as error:
            raise ValueError(str(error)) from None
        finally:
            if document is not None:
                document.close()
    image.format = "PDF"
    return image
