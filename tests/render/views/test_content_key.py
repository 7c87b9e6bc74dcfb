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

PARTS = {
    "bolt": (BOLT, "1f99eaaf8024a8db5fefd7af04f6f23d89e15cc757675b53d94db709610fa904"),
    "bodies": (
        replace(BOLT, bodies="head*=brass brushed; ring=rubber; shiny = powder coated ral 5010"),
        "399c018dd4617f6c7e77d36075c1e4cb5d2718001aa2c8a0e2722f1b30af2eca",
    ),
    "another label": (replace(BOLT, label="bolt"), "d386b75e52b954d407b7cc28411b60bb5503ceb3a9f9ae9c6623f9defe136d7b"),
    "metres": (replace(BOLT, units="m"), "00a2750132522c0b7861d6fa440deb4a33bb290473cdf665e1183a20c9c8db88"),
    "materials of its file": (TEXTURED, "e59ad0f0eafe00c980d881362581d150af2debadc60842f55cc09bde6713ddd4"),
    "file with materials, words in the list": (
        replace(TEXTURED, material="copper"),
        "a9003201a31a0b1862f1890db371ebd65cf42ec250900b83f07a75d4ced4d5d4",
    ),
    "colour": (
        replace(BOLT, material="aluminium", surface="anodized", color="ral 7015"),
        "3490d24c18b18ac058048c305a23d99af7e73144179df606c8736641e049ba0c",
    ),
}
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "random materials": (
        {"materials": "random", "seed": 3},
        "d93fe37280e4bff90053a57c06f508adcc21d71bb6514050799de28f0d2e808c",
    ),
    "mixture": (
        {"sampler": {"resting": 0.5, "sphere_equidistant": 0.5}, "table": False, "roll": "spread"},
        "089624f382f6cb65861e629f0eb17a35ee833f2394d1197b37581c8419b8ee86",
    ),
    "circular": (
        {"sampler": "circular", "elevation_deg": 10, "focal_length_mm": (70, 70), "fill": 0.5},
        "795ee2a5c8693b3fcd43f7315fc626179b6e490f3bcc8e71c1740ed8e6dfc9ee",
    ),
    "lamps": (
        {"area_lights": 2, "environments": {"mode": "random", "folder": "maps"}, "variation": 0},
        "74fbde858161dab6d8447081bd7fadb3de4fc01752a91c9254635364a44f3f5c",
    ),
    "one map": (
        {"environments": {"mode": "one", "folder": "maps", "name": "dusk"}},
        "a4d2d77e26b37a65bd686c79721d658dc9108f78cbd9dd68bbfd0cd470b8b9a6",
    ),
    "passes": (
        {"outputs": ("depth", "mask"), "size": 64, "views": 3},
        "d06fe961a330f9740dacc9f8d4f95667743880e2bb7c98d99d14af996dc90825",
    ),
    "draft": ({"quality": "draft"}, "a6a2eeb00dea7fe7609877091dffcc908114346c7c8c7ec13b1e75c6c29fbaa5"),
    "high": ({"quality": "high"}, "dcb9d467cdf98cd984df395b38b6a4ab61c0ce74b37e831e64544499be44ff4c"),
    "synthnet": ({"quality": "synthnet"}, "3a1211f813e79e8d3a7139bc9969d57a34b4ca46f798af5effd22e1794c7369f"),
    "color behind": (
        {"background": "color", "background_color": "#102030"},
        "d0b3f46b3a2c5d10459f4e862c91ef3effd5ee29708936828502772695190d81",
    ),
    "map behind": ({"background": "environment"}, "e7d1f5cbcace0fd47795bc7247a464b5e088c0b316dd697bc15038bd7d413376"),
    "pictures behind": (
        {"background": "folder", "background_folder": "pictures"},
        "e4c680760b63b6b13e4132c3a8f472ff7befd442bd2676a14eecb4ac5984648f",
    ),
    "ground behind": ({"background": "ground"}, "8598316deb6f6b934b146c63b1ca7de67ceda4f04733930b19e522c3597c0f5d"),
    "library": ({"material_library": "mine.blend"}, "7c9fddfa0a1fcce5b4d78473b9fa423db8880ffe4580ffdd3c20e7389105541f"),
    "where and on what": (
        {"workers": 2, "device": "cpu", "farm": "ray", "ray_address": "auto"},
        "1f99eaaf8024a8db5fefd7af04f6f23d89e15cc757675b53d94db709610fa904",
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
    params = RenderParams.model_validate({"environments": {"folder": "maps"}} | settings)
    return content_key(part, make_settings(params, [part], folder))


def test_the_version_is_in_every_key() -> None:
    assert VERSION == 7


@pytest.mark.parametrize("name", PARTS)
def test_parts(name: str, folder: Path) -> None:
    part, expected = PARTS[name]
    assert key(part, folder) == expected


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str, folder: Path) -> None:
    settings, expected = SETTINGS[name]
    assert key(BOLT, folder, **settings) == expected


def test_real_scale(folder: Path) -> None:
    params = RenderParams.model_validate({"environments": {"folder": "maps"}, "framing": "real_scale"})
    settings = replace(make_settings(params, [BOLT], folder), common_distance_mm=500.0)
    assert content_key(BOLT, settings) == "b7a69d83bbeb5691b920844a9ce43cb7e8f5ba1fdc59ec511ffcde20b57165a7"


def test_every_material(folder: Path) -> None:
    every = [key(replace(BOLT, material=m, surface=s, color=c), folder) for m, s, c in vocabulary()]
    assert len(set(every)) == len(every)
    keys = [key(replace(BOLT, material=m, surface=s, color=c), folder) for m, s, c in drawn_vocabulary()]
    assert (
        hashlib.sha256(" ".join(keys).encode()).hexdigest()
        == "a20ce033c179f2014ec05a8a05ae89218d879deec25dbda1a207a997eab602cb"
    )
