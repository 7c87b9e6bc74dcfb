"""The files that render settings refer to go with them: a renderer elsewhere makes the same pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PIL import Image

from render.blender.render_part import render_part
from render.farm.ray_renderer import NodeRenderer, RenderedPart, versions
from render.job import Job
from render.parts.catalogue import Part
from render.views.backgrounds import list_pictures
from render.views.description import content_key
from render.views.settings import RenderSettings
from render.views.settings_files import settings_files, with_files


def test_a_node_renders_with_the_files_that_came_with_the_job(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    for number, folder in enumerate(("a", "b")):  # two pictures of one name
        (tmp_path / "mine" / folder).mkdir(parents=True)
        Image.new("RGB", (20 + number, 20), (90 * number, 200, 0)).save(tmp_path / "mine" / folder / "same.png")
    mine = replace(settings, background="folder", background_pictures=list_pictures(tmp_path / "mine"))
    job = Job(parts[0], tmp_path / parts[0].file, mine, 1, tmp_path / "here")
    job.folder.mkdir()
    render_part(job, 0, tmp_path, lambda views: None)

    files = {name: path.read_bytes() for name, path in settings_files(mine).items()}
    assert len(files) == 8 + 2
    node = NodeRenderer(0, files, versions())
    try:
        assert node.start() is None
        *_, rendered = node.render(job, {parts[0].file: (tmp_path / parts[0].file).read_bytes()}, 240.0)
    finally:
        node.close()
    assert isinstance(rendered, RenderedPart)
    assert rendered.files == {path.name: path.read_bytes() for path in job.folder.iterdir()}


def test_moved_files_change_no_key(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    places = {}
    for name, path in settings_files(settings).items():
        places[name] = tmp_path / "moved" / name
        places[name].parent.mkdir(parents=True, exist_ok=True)
        places[name].write_bytes(path.read_bytes())
    moved = with_files(settings, places)
    assert moved.environment_maps[0].is_relative_to(tmp_path)
    assert content_key(parts[0], moved) == content_key(parts[0], settings)
