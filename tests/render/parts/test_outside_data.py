"""A USD or .blend file is all of its part: what would be read from elsewhere is refused, and not read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from render.parts.geometry import GeometryError, load_geometry

MESH = """
    int[] faceVertexCounts = [4]
    int[] faceVertexIndices = [0, 1, 2, 3]
    point3f[] points = [(0, 0, 0), (40, 0, 0), (40, 20, 0), (0, 20, 0)]
"""
USD = {
    "reference": 'def Mesh "m" (\n    references = @./secret.usda@</plate>\n)\n{\n}\n',
    "payload": 'def Mesh "m" (\n    payload = @./secret.usda@</plate>\n)\n{\n}\n',
    "variant": """def Xform "x" (
    variantSets = "v"
)
{
    variantSet "v" = {
        "one" {
            def "m" (
                references = @./secret.usda@</plate>
            )
            {
            }
        }
    }
}
""",
    "clips": """def "m" (
    clips = {
        dictionary default = {
            asset[] assetPaths = [@./secret.usda@]
        }
    }
)
{
}
""",
}

MAKE = """
import sys
import bpy
from pathlib import Path

folder = Path(sys.argv[1])
secret = str(folder / "secret.stl")


def begin():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add(size=10)
    return bpy.context.object


def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / f"{name}.blend"))


def nodes(thing, kind, fill):
    tree = bpy.data.node_groups.new("shape", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    node, out = tree.nodes.new(kind), tree.nodes.new("NodeGroupOutput")
    fill(node)
    if "Geometry" in node.outputs or "Mesh" in node.outputs:
        tree.links.new(node.outputs[0], out.inputs[0])
    thing.modifiers.new("made", "NODES").node_group = tree


def unpacked_picture():
    picture = bpy.data.images.new("picture", 4, 4)
    picture.source, picture.filepath = "FILE", str(folder / "secret.png")
    return picture


def displaced(picture):
    thing = begin()
    texture = bpy.data.textures.new("heights", "IMAGE")
    texture.image = picture()
    thing.modifiers.new("heights", "DISPLACE").texture = texture


for kind in ("STL", "OBJ", "PLY", "CSV", "Text", "VDB"):
    nodes(begin(), f"GeometryNodeImport{kind}", lambda node: setattr(node.inputs[0], "default_value", secret))
    save(f"import_{kind.lower()}")
nodes(begin(), "GeometryNodeMeshCube", lambda node: None)
save("own_nodes")

begin().modifiers.new("film", "MESH_CACHE").filepath = secret
save("mesh_cache")

displaced(unpacked_picture)
save("picture")


def packed_picture():
    picture = bpy.data.images.new("picture", 4, 4)
    picture.pack()
    return picture


displaced(packed_picture)
save("packed")

thing = begin()  # a picture that only shows
material = bpy.data.materials.new("paper")
material.use_nodes = True
material.node_tree.nodes.new("ShaderNodeTexImage").image = unpacked_picture()
thing.data.materials.append(material)
save("shown")

begin()
bpy.data.materials.new("theirs").use_fake_user = True
save("library")
library = str(folder / "library.blend")
begin()
with bpy.data.libraries.load(library, link=True) as (have, take):
    take.materials = ["theirs"]
bpy.data.materials["theirs"].use_fake_user = True
save("unused_link")
with bpy.data.libraries.load(library, link=True) as (have, take):
    take.objects = list(have.objects)
bpy.context.scene.collection.objects.link(take.objects[0])
save("link")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("outside")
    (made / "secret.usda").write_text(f'#usda 1.0\ndef Mesh "plate"\n{{{MESH}}}\n')
    (made / "secret.stl").write_text("solid secret\nendsolid secret\n")
    for name, body in USD.items():
        (made / f"{name}.usda").write_text(f"#usda 1.0\n\n{body}")
    (made / "sublayer.usda").write_text("#usda 1.0\n(\n    subLayers = [\n        @./secret.usda@\n    ]\n)\n")
    (made / "absolute.usda").write_text(
        f'#usda 1.0\n\ndef Mesh "m" (\n    references = @{made}/secret.usda@</plate>\n)\n{{\n}}\n'
    )
    (made / "make.py").write_text(MAKE)
    done = subprocess.run([sys.executable, str(made / "make.py"), str(made)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.parametrize("name", [*USD, "sublayer", "absolute"])
def test_usd_of_several_files_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(GeometryError, match="takes parts from other files"):
        load_geometry(folder / f"{name}.usda", "mm")


def test_what_lies_in_the_same_package_is_its_own(folder: Path) -> None:
    making = "import sys; from pxr import UsdUtils; UsdUtils.CreateNewUsdzPackage(*sys.argv[1:])"
    paths = [str(folder / "reference.usda"), str(folder / "packed.usdz")]
    subprocess.run([sys.executable, "-c", making, *paths], check=True)
    size = load_geometry(folder / "packed.usdz", "mm").size_mm
    assert sorted(size)[1:] == pytest.approx((200, 400))  # centimetres, where a file does not say


REFUSED = [
    *(f"import_{kind}" for kind in ("stl", "obj", "ply", "csv", "text", "vdb")),
    *("mesh_cache", "picture", "link"),
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_blend_whose_shape_comes_from_elsewhere_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(GeometryError, match="another file"):
        load_geometry(folder / f"{name}.blend", "mm")


@pytest.mark.parametrize("name", ["own_nodes", "packed", "shown", "unused_link"])
def test_a_blend_that_is_all_of_its_part_is_read(folder: Path, name: str) -> None:
    if name == "unused_link":
        (folder / "library.blend").rename(folder / "gone.blend")  # it is not even looked for
    assert len(load_geometry(folder / f"{name}.blend", "mm").bodies) == 1


def test_every_node_of_this_blender_is_known() -> None:
    """A node that is new is looked at, and stands in OWN_NODES or here."""
    listing = """
import json
import bpy
tree = bpy.data.node_groups.new("all", "GeometryNodeTree")
names = []
for name in dir(bpy.types):
    kind = getattr(bpy.types, name)
    if isinstance(kind, type) and issubclass(kind, bpy.types.Node):
        try:
            tree.nodes.new(name)
        except RuntimeError:
            continue
        names.append(name)
from render.blender.own_nodes import OWN_NODES
print(json.dumps([sorted(set(names) - OWN_NODES), sorted(OWN_NODES - set(names))]))
"""
    done = subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True, text=True)
    missing, unknown = json.loads(done.stdout.strip().splitlines()[-1])
    assert missing == [f"GeometryNodeImport{kind}" for kind in ("CSV", "OBJ", "PLY", "STL", "Text", "VDB")]
    assert unknown == []


def test_references_within_a_usd_file_are_its_own(tmp_path: Path) -> None:
    """As exporters write what stands in a scene several times."""
    moved = 'double3 xformOp:translate = (100, 0, 0)\nuniform token[] xformOpOrder = ["xformOp:translate"]'
    twice = f'def Mesh "m"\n{{{MESH}}}\ndef "again" (\n    references = </m>\n)\n{{\n{moved}\n}}\n'
    (tmp_path / "a.usda").write_text(f"#usda 1.0\n(\n    metersPerUnit = 0.001\n)\n{twice}")
    read = load_geometry(tmp_path / "a.usda", "mm")
    assert sorted(read.size_mm)[-1] == pytest.approx(140, abs=0.1)
