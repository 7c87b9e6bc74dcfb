"""Backgrounds baked into pictures: the part stays as it is, its alpha is kept, and behind it is what was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cad2real.errors import UserError
from render.blender.render_part import render_part
from render.export import export
from render.job import Job
from render.params import RenderParams
from render.parts.catalogue import Part
from render.parts.geometry import load_geometry
from render.views.backgrounds import GROUNDS, backdrop, cut, lay_over, list_pictures
from render.views.description import content_key, describe_views
from render.views.settings import RenderSettings, change_params, make_settings

Bake = Callable[[RenderSettings], Path]


@pytest.fixture
def bake(parts: list[Part], tmp_path: Path) -> Bake:
    """Renders the plate as `settings` says, in this process; gives its folder."""

    def render(settings: RenderSettings) -> Path:
        folder = tmp_path / f"renders_{settings.background}" / "plate"
        folder.mkdir(parents=True)
        render_part(Job(parts[0], tmp_path / parts[0].file, settings, 1, folder), 0, tmp_path, lambda views: None)
        return folder

    return render


def pixels(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def views(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((folder / "part.json").read_text())["views"]
    return found


def test_the_part_stays_as_it_is_on_every_background(bake: Bake, settings: RenderSettings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.new("RGB", (90, 60), (0, 200, 0)).save(tmp_path / "mine" / "green.png")
    pictures = list_pictures(tmp_path / "mine")
    plain = bake(settings)
    assert not list(plain.glob("alpha*"))
    asked = {
        "color": replace(settings, background="color", background_color="#102030"),
        "environment": replace(settings, background="environment"),
        "folder": replace(settings, background="folder", background_pictures=pictures),
    }
    for mode, changed in asked.items():
        folder = bake(changed)
        for bare, view in zip(views(plain), views(folder), strict=True):
            own, baked = pixels(plain / str(bare["file"])), pixels(folder / str(view["file"]))
            alpha = own[..., 3]
            assert np.array_equal(pixels(folder / str(view["alpha"])), alpha)
            assert view["box"] == bare["box"]
            assert baked.shape == (48, 48, 4)
            assert baked[..., 3].min() == 255
            assert np.array_equal(baked[alpha == 255], own[alpha == 255])
            behind = baked[alpha == 0][:, :3]
            if mode != "environment":
                assert np.unique(behind, axis=0).tolist() == [[16, 32, 48] if mode == "color" else [0, 200, 0]]
            else:
                assert behind.std() > 3
        # Masks of other tools come from the alpha that is kept.
        assert export(folder.parent, "coco", tmp_path / f"coco_{mode}") == 3
        coco = json.loads((tmp_path / f"coco_{mode}" / "annotations.json").read_text())
        assert coco["annotations"][0]["area"] == (pixels(plain / "view_000.png")[..., 3] > 127).sum()


def test_the_ground_catches_the_shadow(bake: Bake, settings: RenderSettings) -> None:
    # Seen aslant from near by, and this seed's lamp stands low: the shadow lies beside the part, not below it.
    aslant = replace(settings, sampler="resting", resting_tilt_deg=(30.0, 45.0), focal_length_mm=(35.0, 85.0), seed=1)
    sun = replace(aslant, background="ground", environment_mode="grey", area_lights=1, views=2, size=64)
    folder = bake(sun)
    for view in views(folder):
        assert view["background"]["surface"] in GROUNDS  # type: ignore[index]
        picture, alpha = pixels(folder / str(view["file"])), pixels(folder / str(view["alpha"]))
        ground = picture[alpha == 0][:, :3].mean(1)
        # Most of the ground is lit by the lamp, and some of it lies in the part's shadow.
        assert np.percentile(ground, 1) < 0.8 * np.median(ground)


def test_views_from_below_lie_upside_down_on_the_ground(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    geometry = load_geometry(tmp_path / parts[0].file, parts[0].units)
    around = replace(settings, sampler="sphere_equidistant", views=12)
    for bare, view in zip(
        describe_views(parts[0], geometry, around),
        describe_views(parts[0], geometry, replace(around, background="ground")),
        strict=True,
    ):
        up_of_the_camera = view.pose @ -view.camera.rotation.T
        assert up_of_the_camera[2, 2] >= 0  # it looks down
        assert up_of_the_camera[2, 1] >= 0  # and stands upright
        # It shows the same side of the part, at most turned in the picture's plane.
        assert view.camera.rotation[2] == pytest.approx(bare.camera.rotation[2])


def test_the_world_behind_is_the_world_that_lights(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    """What is looked up in the map is what Cycles shows of its world: same place, same tone."""
    import bpy

    from render.blender.cycles import render_rectangle
    from render.blender.device import Compute
    from render.blender.scene import BlenderScene
    from render.materials.assignment import assign_materials

    geometry = load_geometry(tmp_path / parts[0].file, parts[0].units)
    small = replace(settings, background="environment", size=64)
    ours_in_blender = BlenderScene(
        geometry, assign_materials(parts[0], "metadata", 0), small, Compute(threads=1), tmp_path
    )
    for view in describe_views(parts[0], geometry, small)[:2]:
        ours_in_blender.render(view)
        behind = ours_in_blender.render_backdrop(view)
        assert behind is not None
        scene = bpy.context.scene
        scene.render.film_transparent, scene.objects["part"].hide_render = False, True
        seen = render_rectangle(scene, 64, (0, 0, 64, 64), tmp_path / "seen.png")[..., :3]
        scene.render.film_transparent, scene.objects["part"].hide_render = True, False
        ours, theirs = (picture.astype(float).mean(2).ravel() for picture in (behind, seen))
        assert np.corrcoef(ours, theirs)[0, 1] > 0.95
        assert np.median(ours) == pytest.approx(np.median(theirs), abs=12)


def test_tones_are_those_of_blender(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    import bpy

    from render.blender.cycles import render_rectangle
    from render.blender.device import Compute
    from render.blender.scene import BlenderScene
    from render.blender.view_transform import apply_view_transform
    from render.materials.assignment import assign_materials

    geometry = load_geometry(tmp_path / parts[0].file, parts[0].units)
    plain = replace(settings, environment_mode="white", sampler="hemisphere", views=1)
    BlenderScene(geometry, assign_materials(parts[0], "metadata", 0), plain, Compute(threads=1), tmp_path).render(
        describe_views(parts[0], geometry, plain)[0]
    )
    scene = bpy.context.scene
    scene.render.film_transparent, scene.objects["part"].hide_render, scene.cycles.film_exposure = False, True, 1.0
    scene.cycles.use_denoising = False
    for color in ((0.02, 0.03, 0.05), (0.2, 0.4, 0.7), (0.9, 0.2, 0.1), (3.0, 1.0, 0.4), (20.0, 18.0, 9.0)):
        scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (*color, 1)
        seen = render_rectangle(scene, 48, (0, 0, 4, 4), tmp_path / "seen.png")[0, 0, :3]
        shown = apply_view_transform(scene, np.full((2, 3, 3), color, np.float32), tmp_path / "shown.png")[0, 0]
        assert shown.astype(int) == pytest.approx(seen.astype(int), abs=1)


def test_a_backdrop_depends_on_seed_part_and_view_only() -> None:
    pictures = tuple(Path(f"{number}.png") for number in range(50))
    drawn = [backdrop("folder", "", pictures, 0, "a", view) for view in range(8)]
    assert drawn == [backdrop("folder", "", pictures, 0, "a", view) for view in range(8)]
    assert len({item.crop.picture for item in drawn if item and item.crop}) > 5
    assert backdrop("folder", "", pictures, 1, "a", 0) != drawn[0]
    assert backdrop("transparent", "", (), 0, "a", 0) is None


def test_a_crop_is_upright_and_inside_its_picture(tmp_path: Path) -> None:
    tall = np.zeros((40, 20, 3), np.uint8)
    tall[:20] = 255  # the upper half is white once it is turned by its EXIF orientation
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(tall[::-1]).save(tmp_path / "a.png", exif=exif)
    made = backdrop("folder", "", (tmp_path / "a.png",), 0, "a", 0)
    assert made is not None
    assert made.crop is not None
    upper = cut(replace(made.crop, share=1.0, y=0.0), 16)
    lower = cut(replace(made.crop, share=1.0, y=1.0), 16)
    assert upper.shape == (16, 16, 3)
    assert upper.min() > 240 > 15 > lower.max()


def test_laid_over_a_background_by_its_alpha() -> None:
    part = np.array([[[200, 100, 0, 255], [200, 100, 0, 51], [0, 0, 0, 0]]], np.uint8)
    behind = np.full((1, 3, 3), 50, np.uint8)
    assert lay_over(part, behind).tolist() == [[[200, 100, 0, 255], [80, 60, 40, 255], [50, 50, 50, 255]]]


def test_what_is_not_used_is_not_in_the_key(parts: list[Part], settings: RenderSettings) -> None:
    """Renders from before there were backgrounds stay valid."""
    from render.views.description import _settings_content

    assert not [name for name in _settings_content(settings) if "background" in name or "library" in name]
    baked = replace(settings, background="color", background_color="#ffffff")
    keys = {content_key(parts[0], each) for each in (settings, baked, replace(baked, background_color="#000000"))}
    assert len(keys) == 3


def test_what_cannot_be_a_background_is_settings_content(parts: list[Part], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder is named"):
        make_settings(RenderParams(background="folder"), parts, tmp_path)
    with pytest.raises(UserError, match="has no picture"):
        make_settings(RenderParams(background="folder", background_folder="none"), parts, tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"bad\.jpg"):
        list_pictures(tmp_path / "mine")
    with pytest.raises(UserError, match="background_color"):
        change_params(RenderParams(), {"background_color": "white"})


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (40, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr("render.views.backgrounds.MAX_PICTURE_PIXELS", 1000)
    with pytest.raises(UserError, match=r"a\.png \(more than"):
        list_pictures(tmp_path)
