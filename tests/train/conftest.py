"""Small domains for training tests: coloured shapes as renders, the same shapes under another light as photos."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cad2real.layout import Layout
from train.params import AdaptParams, ProbeParams, TrainParams

CLASSES = ("bar", "disc", "ring")
SMALL = TrainParams(
    backbone="test_efficientnet",
    weights="random",
    image_size=32,
    batch_size=6,
    epochs=2,
    steps_per_epoch=2,
    probe=ProbeParams(draws=1),
    adapt=AdaptParams(fall_back=False),  # networks this small, trained for so few steps, hardly look better
)


Radii = tuple[float, float]
VARYING: Radii = (0.3, 0.4)


def draw_shape(
    label: str, size: int, colour: tuple[int, int, int], rng: np.random.Generator, radii: Radii = VARYING
) -> Image.Image:
    """A shape with alpha, turned at random, its radius drawn from `radii` (shares of the picture's side)."""
    picture = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    middle, radius = size / 2, size * rng.uniform(*radii)
    box = (middle - radius, middle - radius, middle + radius, middle + radius)
    if label == "bar":
        draw.rectangle((middle - radius, middle - radius / 4, middle + radius, middle + radius / 4), fill=colour)
    elif label == "disc":
        draw.ellipse(box, fill=colour)
    else:
        draw.ellipse(box, outline=colour, width=max(2, int(radius / 3)))
    return picture.rotate(float(rng.uniform(0, 360)))


def view(name: str, size: int) -> dict[str, object]:
    """A view from one metre, its focal length one picture side."""
    intrinsics = [[size, 0, size / 2], [0, size, size / 2], [0, 0, 1]]
    extrinsics = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1.0]]
    return {"file": name, "intrinsics": intrinsics, "extrinsics": extrinsics, "sampler": "resting"}


def write_renders(
    folder: Path, views: int = 8, size: int = 48, classes: tuple[str, ...] = CLASSES, radii: Radii = VARYING
) -> None:
    rng = np.random.default_rng(0)
    for label in classes:
        part = folder / f"{label}_part"
        part.mkdir(parents=True)
        names = [f"view_{number:03d}.png" for number in range(views)]
        for name in names:
            draw_shape(label, size, (200, 60, 40), rng, radii).save(part / name)
        description = {
            "part_id": part.name,
            "label": label,
            "name": label,
            "views": [view(name, size) for name in names],
            "size": size,
        }
        (part / "part.json").write_text(json.dumps(description))


def write_squares(
    folder: Path, photos: int = 6, size: int = 48, labels: tuple[str, ...] = CLASSES, radii: Radii = VARYING
) -> None:
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True)
    with (folder / "photos.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["square", "photo", "label"])
        writer.writeheader()
        for number in range(photos if labels else 0):
            label = labels[number % len(labels)]
            shape = draw_shape(label, size, (90, 110, 130), rng, radii)
            square = Image.new("RGB", (size, size), (225, 220, 210))
            square.paste(shape, mask=shape.getchannel("A"))
            square.save(folder / f"{number:05d}.jpg", quality=90)
            writer.writerow({"square": f"{number:05d}.jpg", "photo": f"p{number}.jpg", "label": label})


@pytest.fixture
def project(tmp_path: Path) -> Layout:
    """A project with renders and labelled squares of three shapes."""
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    write_squares(layout.squares)
    return layout
