"""USD and .blend files as CAD: real sizes, bodies by name, nothing in them runs, and a bad one is lost alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from render.parts.catalogue import make_catalogue
from render.parts.geometry import GeometryError, load_geometry

USDA = """#usda 1.0
(
    metersPerUnit = {metres}
    upAxis = "{up}"
)
def Xform "assembly"
{{
    double3 xformOp:translate = (0, 0, 5)
    uniform token[] xformOpOrder = ["xformOp:translate"]
    def Mesh "plate"
    {{
        int[] faceVertexCounts = [4, 4, 4, 4, 4, 4]
        int[] faceVertexIndices = [0,3,2,1, 4,5,6,7, 0,1,5,4, 1,2,6,5, 2,3,7,6, 3,0,4,7]
        point3f[] points = [(0,0,0), (40,0,0), (40,20,0), (0,20,0), (0,0,2), (40,0,2), (40,20,2), (0,20,2)]
        uniform token subdivisionScheme = "none"
    }}
}}
"""

MAKE_BLEND = """
import sys
import bpy
from pathlib import Path

folder = Path(sys.argv[1])
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.unit_settings.scale_length = 0.001  # a unit is a millimetre
bpy.ops.mesh.primitive_cube_add(size=10)
cube = bpy.context.object
cube.name = "block"
cube.scale = (2, 1, 1)
mirror = cube.modifiers.new("row", "ARRAY")
mirror.count, mirror.relative_offset_displace = 2, (2, 0, 0)
bpy.ops.mesh.primitive_uv_sphere_add(radius=3)
bpy.context.object.name = "unseen"
bpy.context.object.hide_render = True
bpy.ops.object.light_add(type="POINT")
bpy.ops.object.camera_add()

# A driver and a start-up script that leave a trace if they run.
code = f"open({str(folder / 'trace')!r}, 'a').write('ran')"
text = bpy.data.texts.new("start.py")
text.write(code)
text.use_module = True
driver = cube.driver_add("location", 2).driver
driver.type, driver.expression = "SCRIPTED", f"9 if [{code}] else 9"
bpy.app.driver_namespace["leave"] = lambda: 9
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "blocks.blend"))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scenes")
    (made / "mm.usda").write_text(USDA.format(metres=0.001, up="Z"))
    (made / "make.py").write_text(MAKE_BLEND)
    subprocess.run([sys.executable, str(made / "make.py"), str(made)], check=True, capture_output=True)
    (made / "trace").unlink(missing_ok=True)
    return made


def test_usd_has_its_real_size(folder: Path) -> None:
    geometry = load_geometry(folder / "mm.usda", "in")  # it carries its unit
    (body,) = geometry.bodies
    assert body.name == "plate"
    assert geometry.size_mm == pytest.approx((40, 20, 2), rel=1e-5)
    assert geometry.lower[2] == pytest.approx(5, rel=1e-5)


def test_usd_with_y_up_in_centimetres(folder: Path) -> None:
    (folder / "cm.usda").write_text(USDA.format(metres=0.01, up="Y"))
    assert load_geometry(folder / "cm.usda", "mm").size_mm == pytest.approx((400, 20, 200), rel=1e-5)


def test_blend_shows_what_it_would_render_and_nothing_in_it_runs(folder: Path) -> None:
    geometry = load_geometry(folder / "blocks.blend", "in")
    (body,) = geometry.bodies
    assert body.name == "block"
    assert geometry.size_mm == pytest.approx((60, 10, 10), rel=1e-4)  # two blocks 20 long, 20 between
    assert not (folder / "trace").exists()


def test_a_bad_file_is_lost_alone(folder: Path) -> None:
    (folder / "bad.blend").write_bytes(b"BLENDER-v500" + bytes(range(256)) * 20)
    (folder / "text.blend").write_bytes(b"no blend file at all")
    (folder / "bad.usdc").write_bytes(bytes(range(256)) * 20)
    rows = "".join(f"{name.partition('.')[0]}_{name.partition('.')[2]},{name}\n" for name in BAD)
    (folder / "parts.csv").write_text(f"part_id,file\n{rows}good,mm.usda\n")
    made = make_catalogue(folder / "parts.csv", folder)
    assert [part.part_id for part in made.parts] == ["good"]
    assert len(made.skipped) == len(BAD)
    assert all("cannot be read as" in item.reason for item in made.skipped)


BAD = ("bad.blend", "text.blend", "bad.usdc")


def test_a_file_without_meshes_is_settings_content(folder: Path) -> None:
    (folder / "empty.usda").write_text('#usda 1.0\ndef Xform "nothing"\n{\n}\n')
    with pytest.raises(GeometryError, match="no triangle of any area"):
        load_geometry(folder / "empty.usda", "mm")
