"""A photo asked for alone and one of many: `Model.predict` gives it the same probabilities, to 1e-5.

To the bit they cannot be: a convolution of another batch size adds in another order.
"""

from __future__ import annotations

import pytest

from tests.congruence.small_model import photos, small_model
from train import model as model_room


def test_alone_and_together() -> None:
    model, pictures = small_model(), photos(7)
    together = model.predict(pictures, top=3)
    assert len({tuple(label for label, _ in answer) for answer in together}) > 1, (
        "photos that all look alike say little"
    )
    for picture, answer in zip(pictures, together, strict=True):
        assert dict(model.predict(picture, top=3)) == pytest.approx(dict(answer), abs=1e-5)


def test_where_a_batch_ends_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    model, pictures = small_model(), photos(7)
    whole = model.predict(pictures, top=3)
    monkeypatch.setattr(model_room, "BATCH", 3)
    for ours, theirs in zip(whole, model.predict(pictures, top=3), strict=True):
        assert dict(ours) == pytest.approx(dict(theirs), abs=1e-5)
