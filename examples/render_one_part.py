"""Four views of one CAD file: python examples/render_one_part.py bolt.step renders "steel galvanized"."""

import sys
from pathlib import Path

from render.contact_sheet import write_contact_sheet
from render.params import RenderParams
from render.parts.catalogue import make_part
from render.stage import FarmOptions, render_parts
from render.views.settings import make_settings


def main(cad: str, out: str, words: str = "") -> None:
    folder, part = Path(out), make_part(Path(cad), words)
    params = RenderParams(views=4, size=256, quality="draft", sampler="resting")
    settings = make_settings(params, [part], Path())
    render_parts([part], Path(), settings, folder, FarmOptions(logs=folder / "logs"))
    write_contact_sheet(folder, folder / "sheet.png")
    print(f"{part.part_id}, {part.size_mm} mm: {folder / part.part_id}, all views in {folder / 'sheet.png'}")


if __name__ == "__main__":  # renderers are processes that import this file
    main(*sys.argv[1:])
