"""Meshes of strangers: units, colours and materials as the file has them, and a reason for what cannot be read."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from render.materials.beside import files_beside, find_beside
from render.materials.file_materials import DARKEST, FileMaterial
from render.parts.catalogue import make_catalogue
from render.parts.geometry import Geometry, GeometryError, load_geometry

CORNERS = "v 0 0 0\nv 10 0 0\nv 0 10 0\nv 0 0 10\n"
PLACES = "vt 0 0\nvt 1 0\nvt 0 1\n"
PLAIN = "f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n"
WITH_PLACES = "f 1/1 3/3 2/2\nf 1/1 2/2 4/3\nf 2/1 3/2 4/3\nf 1/1 4/3 3/2\n"


def read(path: Path, units: str = "mm") -> Geometry:
    return load_geometry(path, units, file_materials=True)


def material(path: Path) -> FileMaterial | None:
    (body,) = read(path).bodies
    return body.material


def test_colours_of_an_mtl_file(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(f"mtllib a.mtl\n{CORNERS}usemtl Red\n{PLAIN}")
    (tmp_path / "a.mtl").write_text("newmtl Red\nKd 0.8 0.05 0.05\nNs 50\n")
    red = material(tmp_path / "a.obj")
    assert red is not None and red.color[0] == pytest.approx(0.604, abs=0.01) and red.metallic == 0
    (tmp_path / "a.mtl").write_text("newmtl Red\nKd 0 0 0\n")
    black = material(tmp_path / "a.obj")
    assert black is not None and black.color[:3] == pytest.approx((DARKEST,) * 3)
    (tmp_path / "a.mtl").unlink()
    assert material(tmp_path / "a.obj") is None
    assert "a.mtl" in read(tmp_path / "a.obj").notes[0]


def test_a_picture_of_another_machine_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(f"mtllib C:\\CAD\\A.MTL\n{CORNERS}{PLACES}usemtl Wood\n{WITH_PLACES}")
    (tmp_path / "a.mtl").write_text("newmtl Wood\nKd 0 0 0\nmap_Kd -s 1 1 1 Textures\\Wood.PNG\n")
    black = material(tmp_path / "a.obj")  # the picture is missing: Kd 0 0 0 is no colour
    assert black is not None and min(black.color[:3]) > 0.3
    assert "Wood.PNG" in read(tmp_path / "a.obj").notes[0]
    (tmp_path / "textures").mkdir()
    Image.new("RGB", (4, 4), (150, 100, 40)).save(tmp_path / "textures" / "wood.png")
    wood = material(tmp_path / "a.obj")
    assert wood is not None and wood.color_texture is not None and wood.color[:3] == (1, 1, 1)
    assert read(tmp_path / "a.obj").notes == ()
    assert [path.name for path in files_beside(tmp_path / "a.obj", "images")] == ["a.mtl", "wood.png"]


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(f"mtllib a.mtl\n{CORNERS}{PLACES}usemtl Wood\n{WITH_PLACES}")
    (tmp_path / "a.mtl").write_text("newmtl Wood\nKd 0 0 0\nmap_Kd wood.png\n")
    (tmp_path / "wood.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    grey = material(tmp_path / "a.obj")
    assert grey is not None and grey.color_texture is None and min(grey.color[:3]) > 0.3
    assert "wood.png cannot be read" in read(tmp_path / "a.obj").notes[0]


def test_a_material_that_the_mtl_file_does_not_have_is_none_and_not_black(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(f"mtllib a.mtl\n{CORNERS}{PLACES}usemtl Wood\n{WITH_PLACES}")
    (tmp_path / "a.mtl").write_text("newmtl Stone\nKd 0.5 0.5 0.5\n")
    assert material(tmp_path / "a.obj") is None
    assert "does not have" in read(tmp_path / "a.obj").notes[0]


@pytest.mark.parametrize(
    ("properties", "values", "comment", "said"),
    [
        ("property float s\nproperty float t\n", " 0 0", "", "no picture"),
        ("property float texture_u\nproperty float texture_v\n", " 0 0", "comment TextureFile a.png\n", "not read"),
        ("property float s\nproperty float t\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n",
         " 0 0 200 30 30", "", ""),
        ("", "", "", ""),
    ],
)  # fmt: skip
def test_what_a_ply_file_says_of_a_picture(
    tmp_path: Path, properties: str, values: str, comment: str, said: str
) -> None:
    corners = [f"{place}{values}" for place in ("0 0 0", "10 0 0", "0 10 0", "0 0 10")]
    faces = ["3 0 2 1", "3 0 1 3", "3 1 2 3", "3 0 3 2"]
    head = f"ply\nformat ascii 1.0\n{comment}element vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    head += f"{properties}element face 4\nproperty list uchar int vertex_indices\nend_header\n"
    (tmp_path / "a.ply").write_text(head + "\n".join([*corners, *faces]) + "\n")
    notes = read(tmp_path / "a.ply").notes
    assert len(notes) == (1 if said else 0)
    assert said in "".join(notes)


def test_an_obj_never_reads_outside_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.mtl").write_text("newmtl Red\nKd 1 0 0\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.mtl").symlink_to(tmp_path / "secret.mtl")
    for name in ("../secret.mtl", str(tmp_path / "secret.mtl"), "link.mtl", "a\0b", "x" * 5000):
        (inner / "a.obj").write_text(f"mtllib {name}\n{CORNERS}usemtl Red\n{PLAIN}")
        assert material(inner / "a.obj") is None
        assert files_beside(inner / "a.obj", "images") == []
        assert find_beside(inner, name) is None


def test_a_changed_picture_or_mtl_is_another_part(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(f"mtllib a.mtl\n{CORNERS}usemtl Red\n{PLAIN}")
    (tmp_path / "parts.csv").write_text("part_id,file\na,a.obj\n")
    skins = []
    for color in ("0.8 0 0", "0 0.8 0"):
        (tmp_path / "a.mtl").write_text(f"newmtl Red\nKd {color}\n")
        made = make_catalogue(tmp_path / "parts.csv", tmp_path, memory=tmp_path / "memory.json")
        skins.append(made.parts[0].skin)
        assert [note.reason for note in made.notes] == ["no material is given; the file's own materials are kept"]
    assert "" not in skins and skins[0] != skins[1]


def test_texture_coordinates_alone_are_no_material(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(f"{CORNERS}{PLACES}{WITH_PLACES}")
    assert material(tmp_path / "a.obj") is None


def test_colours_of_ply_files(tmp_path: Path) -> None:
    box = trimesh.creation.box((10, 10, 10))
    box.visual.vertex_colors = np.tile(np.array([[200, 10, 10, 255]], np.uint8), (8, 1))
    box.export(tmp_path / "vertices.ply")
    red = material(tmp_path / "vertices.ply")
    assert red is not None and red.color[:3] == pytest.approx((0.578, DARKEST, DARKEST), abs=0.01)
    box.visual = trimesh.visual.ColorVisuals(box, face_colors=np.tile([[255, 0, 0, 255], [0, 0, 255, 255]], (6, 1)))
    box.export(tmp_path / "faces.ply")
    two = material(tmp_path / "faces.ply")
    assert two is not None and two.colors is not None
    assert len(np.unique(two.colors, axis=0)) == 2
    header = "ply\nformat ascii 1.0\nelement vertex 3\n" + "".join(f"property float {axis}\n" for axis in "xyz")
    header += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
    header += "property float s\nproperty float t\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    rows = "0 0 0 20 200 20 0 0\n10 0 0 20 200 20 1 0\n0 10 0 20 200 20 0 1\n3 0 1 2\n"
    (tmp_path / "both.ply").write_text(header + rows)  # colours and texture coordinates
    green = material(tmp_path / "both.ply")
    assert green is not None and green.color[1] > 0.5


def test_off_with_comments_keeps_all_triangles(tmp_path: Path) -> None:
    rows = "OFF # comment\n4 4 6 # counts\n0 0 0 # a\n10 0 0\n0 10 0 # b\n0 0 10\n"
    (tmp_path / "a.off").write_text(rows + "3 0 2 1 # one\n3 0 1 3 # two\n3 1 2 3 # three\n3 0 3 2 # four\n")
    assert read(tmp_path / "a.off").triangles == 4


def glb(folder: Path, material: dict[str, object], **more: object) -> Path:
    """A box as GLB whose material is `material`."""
    raw = trimesh.creation.box((0.01, 0.02, 0.03)).export(file_type="glb")
    (length,) = struct.unpack_from("<I", raw, 12)
    header = json.loads(raw[20 : 20 + length]) | {"materials": [material]} | more
    header["meshes"][0]["primitives"][0]["material"] = 0
    header["meshes"][0]["primitives"][0]["attributes"].pop("COLOR_0", None)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    rest = raw[20 + length :]
    path = folder / "a.glb"
    size = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON")
    path.write_bytes(size + text + rest)
    return path


GLOSS = "KHR_materials_pbrSpecularGlossiness"


def test_specular_and_gloss_of_gltf(tmp_path: Path) -> None:
    said = {"diffuseFactor": [0.8, 0.05, 0.05, 1], "specularFactor": [0.2] * 3, "glossinessFactor": 0.6}
    red = material(glb(tmp_path, {"extensions": {GLOSS: said}}, extensionsUsed=[GLOSS]))
    assert red is not None and red.metallic == 0 and red.color[0] == pytest.approx(0.8, abs=0.01)
    assert red.roughness == pytest.approx(0.4)
    said = {"diffuseFactor": [0, 0, 0, 1], "specularFactor": [0.9, 0.7, 0.3], "glossinessFactor": 0.7}
    gold = material(glb(tmp_path, {"extensions": {GLOSS: said}}, extensionsUsed=[GLOSS]))
    assert gold is not None and gold.metallic == 1 and gold.color[:3] == pytest.approx((0.9, 0.7, 0.3), abs=0.01)


def test_a_black_that_says_nothing_of_metal_is_no_metal(tmp_path: Path) -> None:
    black = material(glb(tmp_path, {"pbrMetallicRoughness": {"baseColorFactor": [0, 0, 0, 1]}}))
    assert black is not None and black.metallic == 0 and min(black.color[:3]) >= DARKEST


def test_what_gltf_packs_is_read_or_named(tmp_path: Path) -> None:
    box = trimesh.creation.box((0.01, 0.02, 0.03))
    (tmp_path / "draco.glb").write_bytes(box.export(file_type="glb", extension_draco=True))
    assert read(tmp_path / "draco.glb").size_mm == pytest.approx((10, 20, 30), rel=1e-3)
    for name in ("EXT_meshopt_compression", "EXT_mesh_gpu_instancing"):
        path = glb(tmp_path, {}, extensionsUsed=[name], extensionsRequired=[name])
        with pytest.raises(GeometryError, match=f"needs the extension {name}"):
            read(path)


def test_a_skeleton_leaves_the_shape_as_it_was_modelled_and_is_noted(tmp_path: Path) -> None:
    path = glb(tmp_path, {}, skins=[{"joints": [0]}])
    assert read(path).size_mm == pytest.approx((10, 20, 30), rel=1e-3) and "skeleton" in read(path).notes[0]


SPACE = 'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"'
MORE = 'xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02" xmlns:p="urn:p"'
TETRA = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)))
SIDES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))


def mesh(colors: tuple[str, ...] = ("",) * 4) -> str:
    pairs = zip(SIDES, colors, strict=True)
    sides = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}" {said}/>' for (a, b, c), said in pairs)
    return f"<mesh><vertices>{TETRA}</vertices><triangles>{sides}</triangles></mesh>"


def threemf(folder: Path, resources: str, build: str, unit: str = "", other: str = "") -> Path:
    path = folder / "a.3mf"
    said = f'unit="{unit}"' if unit else ""
    with zipfile.ZipFile(path, "w") as archive:
        text = f"<model {SPACE} {MORE} {said}><resources>{resources}</resources><build>{build}</build></model>"
        archive.writestr("3D/3dmodel.model", text)
        if other:
            archive.writestr("3D/Objects/o.model", f"<model {SPACE}><resources>{other}</resources><build/></model>")
    return path


ITEM = '<item objectid="1"/>'


def test_units_of_3mf(tmp_path: Path) -> None:
    for unit, units, side in (("inch", "cm", 25.4), ("meter", "mm", 1000), ("micron", "mm", 0.001), ("", "cm", 10)):
        path = threemf(tmp_path, f'<object id="1">{mesh()}</object>', ITEM, unit)
        assert read(path, units).size_mm == pytest.approx((side,) * 3)


def test_colours_of_3mf(tmp_path: Path) -> None:
    base = '<basematerials id="5"><base name="PLA" displaycolor="#E01010"/></basematerials>'
    red = material(threemf(tmp_path, f'{base}<object id="1" pid="5" pindex="0">{mesh()}</object>', ITEM))
    assert red is not None and red.color[0] == pytest.approx(0.745, abs=0.01)
    group = '<m:colorgroup id="6"><m:color color="#FF0000"/><m:color color="#0000FFFF"/></m:colorgroup>'
    sides = tuple(f'pid="6" p1="{at}"' for at in (0, 1, 0, 1))
    two = material(threemf(tmp_path, f'{group}<object id="1">{mesh(sides)}</object>', ITEM))
    assert two is not None and two.colors is not None and len(np.unique(two.colors, axis=0)) == 2


def test_objects_in_other_files_of_a_3mf(tmp_path: Path) -> None:
    """The production extension: each component is the one object that it names, where it is placed."""
    other = f'<object id="7" name="lid">{mesh()}</object><object id="8" name="box">{mesh()}</object>'
    place = 'transform="1 0 0 0 1 0 0 0 1 {} 0 0"'
    parts = "".join(
        f'<component p:path="/3D/Objects/o.model" objectid="{number}" {place.format(at)}/>'
        for number, at in ((7, 0), (8, 9))
    )
    path = threemf(tmp_path, f'<object id="1"><components>{parts}</components></object>', ITEM, other=other)
    read_back = read(path)
    assert [body.name for body in read_back.bodies] == ["lid", "box"]
    assert read_back.size_mm == pytest.approx((10, 1, 1))
    assert read_back.triangles == 8


@pytest.mark.parametrize(
    ("resources", "build", "reason"),
    [
        ("", ITEM, "object '1'"),
        ('<object id="1"><components><component objectid="1"/></components></object>', ITEM, "nested too deeply"),
        (
            '<object id="1"><components><component p:path="/x.model" objectid="1"/></components></object>',
            ITEM,
            "x.model",
        ),
        ("<object", ITEM, "XML is damaged"),
        ('<object id="1"><mesh><vertices><vertex x="a" y="0" z="0"/></vertices></mesh></object>', ITEM, "numbers"),
    ],
)
def test_damaged_3mf(tmp_path: Path, resources: str, build: str, reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        read(threemf(tmp_path, resources, build))


@pytest.mark.parametrize("smallest", [f'<object id="1">{mesh()}</object>', '<object id="1"><components/></object>'])
def test_a_3mf_that_doubles_in_each_of_its_levels_is_refused_at_once(tmp_path: Path, smallest: str) -> None:
    """A few hundred bytes: without a limit the empty ones are counted until the reader's time is over."""
    twice = '<component objectid="{0}"/><component objectid="{0}"/>'
    levels = "".join(f'<object id="{n}"><components>{twice.format(n - 1)}</components></object>' for n in range(2, 28))
    path = threemf(tmp_path, smallest + levels, '<item objectid="27"/>')
    with pytest.raises(GeometryError, match=r"more than .* (bodies|objects)"):
        read(path)
