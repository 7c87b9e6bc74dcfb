"""Numbers with which training could only crash or diverge are refused where they are written, each with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from cad2real.errors import UserError
from cad2real.params import load_params


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ("source_augment: {scale: [0.0, 1.0]}", "train.source_augment.scale.0"),
        ("source_augment: {scale: [-1.0, 1.0]}", "train.source_augment.scale.0"),
        ("target_augment: {scale: [1.2, 0.8]}", "train.target_augment.scale"),
        ("source_augment: {scale: [.nan, 1.0]}", "train.source_augment.scale.0"),
        ("adapt: {methods: {mcc: -1.0}}", "train.adapt.methods.mcc"),
        ("adapt: {methods: {mcc: .nan}}", "train.adapt.methods.mcc"),
        ("adapt: {head_learning_rate: .inf}", "train.adapt.head_learning_rate"),
        ("background: {colour: .inf}", "train.background.colour"),
    ],
)
def test_a_number_that_cannot_be_trained_with_is_refused(block: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(f"train:\n  {block}\n")
    with pytest.raises(UserError, match=f"1 wrong value.*\n  {key}: "):
        load_params(path)
