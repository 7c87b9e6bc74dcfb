"""The content keys of renders, to the letter: a part is rendered again when its key changes.

A key that changes although the pictures would not makes every user render everything again, for hours. Keys are made of
field names and values of dataclasses, so that even a renamed field would do it. Whoever changes a key here means it:
pictures or part.json of the same job differ, and `VERSION` is raised with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from render.materials.vocabulary import drawn_vocabulary, vocabulary
from render.params import RenderParams
from render.part_lists.places import Place
from render.parts.catalogue import Part
from render.views.description import VERSION, content_key
from render.views.settings import make_settings

BOLT = Part(
    part_id="bolt",
    label="fastener",
    name="Hex bolt",
    file="bolt.step",
    units="mm",
    material="steel",
    surface="galvanized",
    color="",
    bodies="",
    size_mm=(13.0, 15.0, 45.0),
    triangles=11398,
    sha256="3afed8c8d69f9bfd",
)
TEXTURED = replace(BOLT, file="bolt.glb", material="", surface="", skin="0123456789abcdef")

PLACED = replace(BOLT, places=(Place("3", ("Press 40", "Frame")), Place("12")))

PARTS = {
    "where it stands in the part list": (PLACED, "2d58c49e04f83134408ba4d9f7db1f205f66ae7ca5bcffa0b1a79ff67e25dc7e"),
    "bolt": (BOLT, "2d58c49e04f83134408ba4d9f7db1f205f66ae7ca5bcffa0b1a79ff67e25dc7e"),
    "bodies": (
        replace(BOLT, bodies="head*=brass brushed; ring=rubber; shiny = powder coated ral 5010"),
        "fea2129d9dd6e90d591118b53590838c45c9f225fc3101f7c30a0ed1e91d8137",
    ),
    "another label": (replace(BOLT, label="bolt"), "e260f5134c80740d2d5f8feef82b2f080a71a9f59a7a0728b1e3e452e353e506"),
    "metres": (replace(BOLT, units="m"), "e0ccfc1f09d1629bf8c07441123282fac642bb5ace9f0b39ffbc5333c535d159"),
    "materials of its file": (TEXTURED, "d85008f21a9d114c41aaf0129d845c681dbbb8014d6da61f61d876b5116870cc"),
    "file with materials, words in the list": (
        replace(TEXTURED, material="copper"),
        "d4a0c30f46d0bcc97c2c751e0d6c9c06c24a6c84b13209e92ecc3fe809f57cdb",
    ),
    "colour": (
        replace(BOLT, material="aluminium", surface="anodized", color="ral 7015"),
        "0f6a4ca67a30ac9e37c636cfc60ecbd649b63f9207a39179e3b0b1a3c849f534",
    ),
}
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "random materials": (
        {"materials": "random", "seed": 3},
        "6bd6cd1d791c828e11a49a42dd415efedc3b9d687c5b4d42aa96449763e961b0",
    ),
    "mixture": (
        {"sampler": {"resting": 0.5, "sphere_equidistant": 0.5}, "table": False, "roll": "spread"},
        "1f31cd67b4b542b289c0cad70688d9b00ffd4803184772a8496402929573b38a",
    ),
    "circular": (
        {"sampler": "circular", "elevation_deg": 10, "focal_length_mm": (70, 70), "fill": 0.5},
        "b234380d6a9d12df18768eaccebd9516b0555e1db368c10680aa7a5c7a40729c",
    ),
    "lamps": (
        {"area_lights": 2, "environments": {"mode": "random", "folder": "maps"}, "variation": 0},
        "ef4c5ac0eda2a0e71cf28d9d95ff95a61c52ccd03446e86519f1f57d7c39165b",
    ),
    "one map": (
        {"environments": {"mode": "one", "folder": "maps", "name": "dusk"}},
        "8c287a756efd3d65e315517da26c44dff1dd9e35ccb6c995593efc0d41fcbe73",
    ),
    "passes": (
        {"outputs": ("depth", "mask"), "size": 64, "views": 3},
        "64dbc231771b29cef5b6e51e29cb856070ae00dc01e713fc3132ce1a175699c8",
    ),
    "draft": ({"quality": "draft"}, "110e3b81348d5713e46a0b9a8c8f98574f566563cfc84975daccd66c5a8105c3"),
    "high": ({"quality": "high"}, "2ac1724a97287b43bcd96753a5966ac44d56ce43e2309750a2431e89e9d77eae"),
    "synthnet": ({"quality": "synthnet"}, "63624d66bd75a8668f7ace7a9b11a4f7692248f1f4e9cadcc525cf636fad9f79"),
    "color behind": (
        {"background": "color", "background_color": "#102030"},
        "26a6847fb1a13ecdea574727e94d35cae5fca7814168aa43766ee97f596f90fb",
    ),
    "map behind": ({"background": "environment"}, "a2a8349467d0e4d0581720f2fcdd91a1495821f746e26b39091aa8ddebf1b18b"),
    "pictures behind": (
        {"background": "folder", "background_folder": "pictures"},
        "888553f1af868b6861b6f25efae56fa40d54e6d6475b36a1eaa48a15cbeed145",
    ),
    "ground behind": ({"background": "ground"}, "d703d0de2be44adb60a3f22d3b456eae4efa4baeb6c1c587c7b3e037cec82be7"),
    "library": ({"material_library": "mine.blend"}, "c2b605fa1cb41c15a10e6a936d7c535d542ff5df8fd87596558da44145a2990b"),
    "where and on what": (
        {"workers": 2, "device": "cpu", "farm": "ray", "ray_address": "auto"},
        "2d58c49e04f83134408ba4d9f7db1f205f66ae7ca5bcffa0b1a79ff67e25dc7e",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Environment maps, background pictures and a material library, the same on every machine."""
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "dusk.hdr").write_bytes(bytes(1000))
    (tmp_path / "maps" / "hall.exr").write_bytes(bytes(2000))
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (20, 10)).save(tmp_path / "pictures" / "wall.bmp")
    (tmp_path / "mine.blend").write_bytes(b"BLENDER and so on")
    return tmp_path


def key(part: Part, folder: Path, **settings: Any) -> str:
    params = RenderParams.model_validate(
        {"environments": {"folder": "maps"}, "sampler": "sphere_equidistant"} | settings
    )
    return content_key(part, make_settings(params, [part], folder))


def test_the_version_is_in_every_key() -> None:
    assert VERSION == 8


@pytest.mark.parametrize("name", PARTS)
def test_parts(name: str, folder: Path) -> None:
    part, expected = PARTS[name]
    assert key(part, folder) == expected


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str, folder: Path) -> None:
    settings, expected = SETTINGS[name]
    assert key(BOLT, folder, **settings) == expected


def test_what_is_left_open(folder: Path) -> None:
    """Silence is in the key by what it leaves open; where nothing is open, `unknown` changes nothing."""
    assert key(BOLT, folder, unknown="default") == key(BOLT, folder)
    silent = [replace(BOLT, material="plastic", surface="matte", color=color) for color in ("", "octarine", "grey")]
    assert len({key(part, folder) for part in silent}) == 3
    # Plastic is grey by default.
    assert key(silent[0], folder, unknown="default") != key(silent[0], folder)
    matte = replace(BOLT, material="", surface="matte")
    assert key(matte, folder) != key(replace(matte, surface=""), folder)


def test_real_scale(folder: Path) -> None:
    given = {"environments": {"folder": "maps"}, "framing": "real_scale", "sampler": "sphere_equidistant"}
    params = RenderParams.model_validate(given)
    settings = replace(make_settings(params, [BOLT], folder), common_distance_mm=500.0)
    assert content_key(BOLT, settings) == "4d13d2d983a9e720a945650b8a508b44cf94bdcf4821ecdfcdc8ab54e7ad1469"


def test_every_material(folder: Path) -> None:
    every = [key(replace(BOLT, material=m, surface=s, color=c), folder) for m, s, c in vocabulary()]
    assert len(set(every)) == len(every)
    keys = [key(replace(BOLT, material=m, surface=s, color=c), folder) for m, s, c in drawn_vocabulary()]
    assert (
        hashlib.sha256(" ".join(keys).encode()).hexdigest()
        == "56df5754b90d6e44a9b16708f63d6ae5b7b105217d828ba832a122e61b6f9c1c"
    )
