"""The material sheet: one machined sample piece in every material of the vocabulary, on one labelled picture."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from cad2real.files import atomic_file
from render.contact_sheet import tile
from render.materials.vocabulary import vocabulary
from render.params import EnvironmentParams, RenderParams
from render.parts.catalogue import make_catalogue
from render.stage import FarmOptions, render_parts
from render.views.settings import change_params, make_settings

COLUMNS = 7
GAP = 0.02
"""Millimetres between the sample's pieces: glass needs solids that do not share faces."""


def write_material_sheet(path: Path, size: int, quality: str, logs: Path | None = None) -> None:
    """Writes the sheet to `path` (PNG), what the renderers say to `logs`. Raises UserError for an unknown quality."""
    words = vocabulary()
    with tempfile.TemporaryDirectory(prefix="cad2real-materials-") as name:
        folder = Path(name)
        _write_sample(folder / "sample.ply")
        rows = [f"m{number:02d},sample.ply,{m},{s},{c}" for number, (m, s, c) in enumerate(words)]
        (folder / "parts.csv").write_text("\n".join(["part_id,file,material,surface,color", *rows]) + "\n")
        catalogue = make_catalogue(folder / "parts.csv", folder)
        params = RenderParams(
            views=1,
            size=size,
            sampler="circular",
            elevation_deg=35.0,
            focal_length_mm=(70.0, 70.0),
            variation=0.0,
            environments=EnvironmentParams(mode="one", name="interior"),
        )
        settings = make_settings(change_params(params, {"quality": quality}), list(catalogue.parts), folder)
        render_parts(list(catalogue.parts), folder, settings, folder / "renders", FarmOptions(logs or folder / "logs"))
        pictures = [Image.open(folder / "renders" / f"m{n:02d}" / "view_000.png") for n in range(len(words))]
        names = [" ".join(word for word in triple if word != "natural") for triple in words]
        cells = [tile([[picture]], [name], size) for picture, name in zip(pictures, names, strict=True)]
    width, height = cells[0].size
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(cells) // COLUMNS) * height), (236, 236, 233))
    for number, cell in enumerate(cells):
        sheet.paste(cell, (number % COLUMNS * width, number // COLUMNS * height))
    with atomic_file(path) as temporary:
        sheet.save(temporary, format="PNG")


def _write_sample(path: Path) -> None:
    """A 60 mm piece with what shows a surface: flat faces, sharp edges, a turned boss, a bore, a hexagon and a ball."""
    import trimesh

    def placed(mesh: trimesh.Trimesh, x: float, y: float, z: float) -> trimesh.Trimesh:
        mesh.apply_translation((x, y, z))
        return mesh

    plate = trimesh.creation.box((60, 40, 8))
    boss = placed(trimesh.creation.annulus(6, 13, 16, sections=96), 13, 0, 12 + GAP)
    ball = placed(trimesh.creation.icosphere(4, 9), -16, 8, 13 + GAP)
    nut = placed(trimesh.creation.cylinder(8, 8, sections=6), -16, -11, 8 + GAP)
    trimesh.util.concatenate([plate, boss, ball, nut]).export(path)
