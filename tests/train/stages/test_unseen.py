"""Photos that were set apart enter nothing that is trained, chosen, calibrated or found: replaced by noise, they leave
every byte of the models as it was.
"""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from cad2real.files import read_json
from cad2real.layout import Layout
from flows.benchmark.unseen import Unseen, deployed_project, set_photos_apart, use_photos
from photos.split import PhotoSet, is_unseen
from photos.stage import make_squares
from tests.train.conftest import CLASSES, SMALL, draw_shape, write_renders
from train.params import AdaptParams, ProbeParams
from train.stages import adapt, evaluate, probe

PHOTOS, SHARE, SIDE = 48, 0.5, 48
PARAMS = SMALL.model_copy(
    update={
        "unknown_share": 0.2,
        "held_out_share": 0.4,
        "probe": ProbeParams(draws=2),
        "background": SMALL.background.model_copy(update={"target": 5.0}),  # photos' corners behind most renders
        "adapt": AdaptParams(fall_back=False, methods={"size_training": 1.0, "information_maximisation": 1.0}),
    }
)


def write_photos(folder: Path) -> None:
    rng = np.random.default_rng(1)
    for number in range(PHOTOS):
        label = CLASSES[number % len(CLASSES)]
        shape = draw_shape(label, SIDE, (90, 110, 130), rng, (0.3, 0.32))
        picture = Image.new("RGB", (SIDE, SIDE), (225 - number, 220, 210))  # no photo twice
        picture.paste(shape, mask=shape.getchannel("A"))
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture.save(folder / label / f"{number:03d}.png")


def is_set_apart(path: Path) -> bool:
    return is_unseen(hashlib.sha256(path.read_bytes()).hexdigest(), SHARE)


def turn_unseen_to_noise(folder: Path) -> int:
    """Noise whose file is drawn to the same side, so that it is pixels alone that change."""
    rng, changed = np.random.default_rng(2), 0
    for path in sorted(folder.rglob("*.png")):
        if is_set_apart(path):
            changed += 1
            while True:
                noise = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
                Image.fromarray(noise).save(path)
                if is_set_apart(path):
                    break
    return changed


def benchmarked(root: Path, photos: Path) -> tuple[Layout, Layout]:
    """The stages of `cad2real benchmark --unseen .5` that read photos: the project and that of the unseen ones."""
    layout = Layout(root)
    write_renders(layout.renders, radii=(0.3, 0.32))
    layout.params.write_text(yaml.safe_dump({name: {} for name in ("catalogue", "render", "photos", "train")}))
    split = set_photos_apart(PhotoSet(photos, None), Unseen(share=SHARE), root)
    use_photos(root, split.seen)
    make_squares(split.seen.folder, None, "shift", SIDE, layout.squares)
    torch.manual_seed(0)  # the random backbone is drawn here
    probe.run(layout, PARAMS)
    adapt.run(layout, PARAMS)
    project = Layout(deployed_project(root, split.unseen))
    make_squares(split.unseen.folder, None, "shift", SIDE, project.squares)
    return layout, project


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[tuple[Layout, Layout]]:
    """With the photos as they are, and with noise for those that were set apart."""
    folder, photos = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("photos")
    write_photos(photos)
    first = benchmarked(folder / "one", photos)
    assert turn_unseen_to_noise(photos) > PHOTOS / 4
    return [first, benchmarked(folder / "two", photos)]


def test_noise_for_unseen_photos_changes_no_byte_of_the_models(runs: list[tuple[Layout, Layout]]) -> None:
    (one, there), (two, elsewhere) = runs
    first = sorted(path for path in one.models.rglob("*") if path.is_file())
    assert {"model.safetensors", "model.json", "candidates.safetensors"} <= {path.name for path in first}
    description = read_json(one.models / "adapt" / "model.json")
    assert description["size_prior"] and description["temperature"] and description["unknown_below"], "all were found"
    for path in first:
        assert path.read_bytes() == (two.models / path.relative_to(one.models)).read_bytes(), path
    squares = (sorted(layout.squares.glob("*.jpg")) for layout in (there, elsewhere))
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(*squares, strict=True)), "the noise was there"


def test_what_seen_photos_are_judged_by_is_the_same_for_unseen_ones(runs: list[tuple[Layout, Layout]]) -> None:
    found = [evaluate.run(layout) for run in runs for layout in run]
    photos = [len(one["adapted"]["predictions"]) for one in found]
    assert photos[0] + photos[1] == PHOTOS and photos[:2] == photos[2:]
    for name in ("source_only", "adapted"):
        assert len({one[name]["calibration"]["temperature"] for one in found}) == 1
        assert len({one[name]["open_set"]["threshold"] for one in found}) == 1
    assert found[0] == found[2], "and figures of seen photos are the same, to the bit"
    assert found[1] != found[3]


def test_as_many_other_photos_get_no_hindsight_of_the_choice(runs: list[tuple[Layout, Layout]]) -> None:
    layout, project = runs[0]
    assert "selection" in evaluate.run(layout)
    manifest = project.squares / "photos.csv"
    before, count = manifest.read_text(), len(list(layout.squares.glob("*.jpg")))
    rows = before.splitlines(keepends=True)
    manifest.write_text("".join([rows[0], *(rows[1:] * 3)[:count]]))
    assert "selection" not in evaluate.run(project)
    manifest.write_text(before)
