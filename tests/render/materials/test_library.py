"""A user's material library: its materials override ours by name, and nothing in it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cad2real.errors import UserError
from render.blender.render_part import render_part
from render.job import Job
from render.materials.assignment import assign_materials
from render.materials.library import LibraryError, find_library, library_key
from render.params import RenderParams
from render.parts.catalogue import Part
from render.views.description import content_key
from render.views.settings import RenderSettings, make_settings

MAKE = """
import sys
import bpy
from pathlib import Path

folder = Path(sys.argv[1])
bpy.ops.wm.read_factory_settings(use_empty=True)

def plain(name, color):
    material = bpy.data.materials.new(name)
    material.use_fake_user = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1)
    material.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.8
    return material

green = plain("Brass_Brushed", (0.02, 0.6, 0.02))
code = f"open({str(folder / 'trace')!r}, 'a').write('ran')"
shader = green.node_tree.nodes["Principled BSDF"]
driver = shader.inputs["Roughness"].driver_add("default_value").driver
driver.type, driver.expression = "SCRIPTED", f"0.1 if [{code}] else 0.1"
text = bpy.data.texts.new("start.py")
text.write(code)
text.use_module = True

striped = plain("unobtainium", (0, 0, 0))  # stripes 5 mm wide, by object coordinates in metres
nodes, links = striped.node_tree.nodes, striped.node_tree.links
place, wave, ramp = (nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "TexChecker", "VectorMath"))
wave.inputs["Scale"].default_value = 200.0
wave.inputs["Color1"].default_value, wave.inputs["Color2"].default_value = (0, 0, 0, 1), (0.8, 0.8, 0.8, 1)
links.new(place.outputs["Object"], wave.inputs["Vector"])
links.new(wave.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])

missing = plain("lost", (1, 1, 1))
image = bpy.data.images.new("gone", 4, 4)
image.source, image.filepath = "FILE", "//gone.png"
texture = missing.node_tree.nodes.new("ShaderNodeTexImage")
texture.image = image
missing.node_tree.links.new(
    texture.outputs["Color"], missing.node_tree.nodes["Principled BSDF"].inputs["Base Color"]
)
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "mine.blend"))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("library")
    (folder / "make.py").write_text(MAKE)
    subprocess.run([sys.executable, str(folder / "make.py"), str(folder)], check=True, capture_output=True)
    (folder / "trace").unlink(missing_ok=True)
    return find_library(folder)


def rendered(
    part: Part, settings: RenderSettings, folder: Path
) -> tuple[dict[str, object], list[tuple[np.ndarray, np.ndarray]]]:
    """part.json, and of each view the part's colours (n, 3) and where they are (n, 2)."""
    out = folder / "renders"
    out.mkdir(exist_ok=True)
    render_part(Job(part, folder / part.file, settings, 1, out), 0, folder, lambda views: None)
    described = json.loads((out / "part.json").read_text())
    seen = []
    for view in described["views"]:
        picture = np.asarray(Image.open(out / view["file"]))
        solid = picture[..., 3] == 255
        seen.append((picture[solid][:, :3].astype(int), np.argwhere(solid)))
    return described, seen


def test_a_material_of_the_vocabulary_is_overridden(
    library: tuple[Path, ...], parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    ours, views = rendered(parts[0], replace(settings, views=1), tmp_path)
    assert ours["material"] == "brass brushed"
    assert all(np.median(color[:, 0] - color[:, 1]) > 0 for color, _ in views)
    mine = replace(settings, views=1, material_library=library, material_library_key="a")
    described, views = rendered(parts[0], mine, tmp_path)
    assert described["material"] == "Brass_Brushed (material library)"
    assert all(np.median(color[:, 1] - color[:, 0]) > 30 for color, _ in views)
    described, _ = rendered(parts[1], mine, tmp_path)
    assert described["material"] == "plastic matte black"  # not in the library
    assert not (library[0].parent / "trace").exists()


def test_words_that_only_the_library_knows_and_lengths_in_metres(
    library: tuple[Path, ...], parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    part = replace(parts[0], material="Unobtainium", surface="", color="")
    above = replace(
        settings, views=1, size=96, sampler="hemisphere", environment_mode="white", material_library=library
    )
    described, ((colors, _),) = rendered(part, above, tmp_path)
    assert described["material"] == "unobtainium (material library)"
    dark = (colors.mean(1) < 90).mean()
    assert 0.3 < dark < 0.7  # a chequerboard of 5 mm on a plate of 40 mm, not one field of 5 parts' lengths


def test_bodies_have_the_library_too(parts: list[Part]) -> None:
    part = replace(parts[0], bodies="screw*=Steel Galvanized; nonsense; knob = shiny stuff")
    assigned = assign_materials(part, "metadata", 0)
    assert assigned.library_names("screw 1") == ("steel galvanized",)
    assert assigned.library_names("knob")[0] == "shiny stuff"
    assert assigned.library_names("rest")[0] == "brass brushed"


def test_a_missing_picture_is_settings_content(
    library: tuple[Path, ...], parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    part = replace(parts[0], material="lost", surface="", color="")
    with pytest.raises(LibraryError, match=r"misses its picture .*pack it"):
        rendered(part, replace(settings, views=1, material_library=library), tmp_path)


def test_the_library_is_in_the_key(
    library: tuple[Path, ...], parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    mine = make_settings(RenderParams(material_library=str(library[0])), parts, tmp_path)
    none = make_settings(RenderParams(), parts, tmp_path)
    (tmp_path / "other.blend").write_bytes(b"BLENDER of another kind")
    other = make_settings(RenderParams(material_library="other.blend"), parts, tmp_path)
    assert len({content_key(parts[0], described) for described in (mine, none, other)}) == 3
    assert library_key(()) == ""


def test_what_is_no_library_is_settings_content(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither"):
        find_library(tmp_path)
    (tmp_path / "a.blend").write_bytes(b"text")
    with pytest.raises(UserError, match=r"a\.blend is not a \.blend file"):
        find_library(tmp_path)
