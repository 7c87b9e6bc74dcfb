"""The Python API takes photos as people have them: any format, turned by EXIF, one or several."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from train.data.image_cache import upright_square
from train.model import Model
from train.networks.new_network import new_network
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior


@pytest.fixture(scope="module")
def model() -> Model:
    network = new_network("resnet10t", "random", 3, 32)
    network.head.weight.data.normal_(std=0.1)
    return Model(network, {"classes": ["a", "b", "c"], "image_size": 32, "rotations": 1}, "key")


def test_one_photo_or_several(model: Model) -> None:
    photo = Image.effect_mandelbrot((60, 40), (-2, -1, 1, 1), 50)
    alone = model.predict(photo, top=2)
    assert len(alone) == 2 and alone[0][1] >= alone[1][1]
    for answer in model.predict([photo, photo], top=2):  # another batch size rounds elsewhere
        assert [label for label, _ in answer] == [label for label, _ in alone]
        assert [share for _, share in answer] == pytest.approx([share for _, share in alone], rel=1e-5)
    assert model.predict([]) == []


def test_a_photo_becomes_square_as_in_training() -> None:
    picture = Image.new("RGB", (40, 20), "red")
    square = np.asarray(upright_square(picture))
    assert square.shape == (40, 40, 3)
    assert (square[10:30] == (255, 0, 0)).all() and (square[:10] == 0).all() and (square[30:] == 0).all()
    same = Image.new("RGB", (8, 8), "red")
    assert (np.asarray(upright_square(same)) == np.asarray(same)).all()


def test_exif_and_transparency_are_minded() -> None:
    picture = Image.new("RGB", (40, 20), "blue")
    picture.paste("red", (0, 0, 20, 20))
    picture.getexif()[0x0112] = 6
    turned = np.asarray(upright_square(picture))
    assert (turned[5, 20] == (255, 0, 0)).all() and (turned[35, 20] == (0, 0, 255)).all()
    assert upright_square(Image.new("RGBA", (8, 8), (0, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)


def outlined(width: int, height: int) -> Image.Image:
    """A part that large on white paper."""
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).rectangle(
        (100 - width // 2, 100 - height // 2, 99 + width // 2, 99 + height // 2), "maroon"
    )
    return picture


@pytest.mark.parametrize("scale", [1, 2])
def test_a_photo_of_unknown_scale_is_also_judged_by_its_outline_where_distances_vary(model: Model, scale: int) -> None:
    """Of three parts that are 20 mm wide and 20, 40 or 80 mm long."""
    lengths = (20.0, 40.0, 80.0)
    diagonal = [np.hypot(20, length) for length in lengths]  # the largest width of a rectangle
    looks = Sizes(np.log(np.column_stack([diagonal, np.full(3, 20.0)])), np.arange(3), np.ones(3), None)
    varying = SizePrior(looks, 3, 0.7, 0.02, distance_spread=0.3)
    photos = [outlined(int(scale * length), 20 * scale) for length in lengths]
    looks_alone = model.predict(photos, 1)

    judged = Model(model.network, model.description, "key", varying)
    assert [answer[0][0] for answer in judged.predict(photos, 1)] == ["a", "b", "c"]
    assert judged.predict(photos, 1, outlines=False) == looks_alone
    # Photos of one camera tell nothing of those of another, unless these are said to be from it.
    assert (
        Model(model.network, model.description, "key", SizePrior(looks, 3, 0.0, 0.02)).predict(photos, 1) == looks_alone
    )
