"""A part rendered by the farm on this machine and by the renderer of a Ray node: the same files, to the bit.

The node's renderer is used directly, so that this holds where Ray is not installed; tests/render/farm/test_ray_farm.py
compares whole runs through Ray. The node has its CAD and maps as bytes, in another folder, and other threads.
"""

from __future__ import annotations

from pathlib import Path

import trimesh

from render.farm.ray_farm import cad_files
from render.farm.ray_renderer import NodeRenderer, RenderedPart, versions
from render.job import Job
from render.params import RenderParams
from render.parts.catalogue import make_catalogue
from render.stage import FarmOptions, render_parts
from render.views.settings import make_settings
from render.views.settings_files import settings_files


def test_a_node_renders_the_bytes_of_the_local_farm(tmp_path: Path) -> None:
    trimesh.creation.box((30, 20, 4)).export(tmp_path / "plate.stl")
    (tmp_path / "parts.csv").write_text("part_id,file,material,surface\nplate,plate.stl,brass,brushed\n")
    parts = list(make_catalogue(tmp_path / "parts.csv", tmp_path).parts)
    params = RenderParams(views=2, size=40, quality="draft", outputs=("mask",))
    settings = make_settings(params, parts, tmp_path)

    render_parts(parts, tmp_path, settings, tmp_path / "renders", FarmOptions(tmp_path / "logs", 1, "cpu"))
    here = {path.name: path.read_bytes() for path in (tmp_path / "renders" / "plate").iterdir()}

    node = NodeRenderer(
        1, {name: path.read_bytes() for name, path in settings_files(settings).items()}, expected=versions()
    )
    try:
        assert node.start() is None
        job = Job(parts[0], tmp_path / "plate.stl", settings, 1, tmp_path / "not_used", "cpu")
        *_, rendered = node.render(job, cad_files(job.file), view_limit_s=240.0)
    finally:
        node.close()
    assert isinstance(rendered, RenderedPart), rendered
    assert {"part.json", "view_000.png", "view_001.png"} < set(here)
    assert rendered.files == here
