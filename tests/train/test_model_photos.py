"""The Python API takes photos as people have them: any format, turned by EXIF, one or several."""

import numpy as np
import pytest
from PIL import Image

from train.data.image_cache import upright_square
from train.model import Model, new_network


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
