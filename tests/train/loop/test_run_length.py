"""Runs of many classes are long enough to show each; all others are as params.yaml says."""

import pytest

from train.loop.run_length import LOOKS, MANY_CLASSES, long_enough
from train.params import TrainParams


@pytest.mark.parametrize("classes", [2, 10, MANY_CLASSES])
@pytest.mark.parametrize("steps", [1, 25, 40])
def test_few_classes_change_nothing(classes: int, steps: int, capsys: pytest.CaptureFixture[str]) -> None:
    params = TrainParams(steps_per_epoch=steps)
    assert long_enough(params, classes, "adapt") is params
    assert not capsys.readouterr().err


@pytest.mark.parametrize(("classes", "steps"), [(301, 25), (1000, 63), (10_000, 625)])
def test_many_are_each_shown_twice_an_epoch(classes: int, steps: int, capsys: pytest.CaptureFixture[str]) -> None:
    params = TrainParams(steps_per_epoch=25, batch_size=32, seed=3)
    longer = long_enough(params, classes, "adapt")
    assert longer.steps_per_epoch == steps and longer.steps_per_epoch * 32 >= LOOKS * classes
    for block, epochs in ((longer.adapt, 96), (longer.finetune, 48)):
        assert block.most_steps == epochs * steps, "as many epochs as the ceiling of few classes allows"
    same = {"steps_per_epoch": 25, "adapt": params.adapt, "finetune": params.finetune}
    assert longer.model_copy(update=same) == params
    assert long_enough(params, classes, "") == longer
    said = capsys.readouterr().err
    assert said.count("\n") == (steps > 25) and (f"train adapt: {steps} steps an epoch instead of 25" in said) is (
        steps > 25
    )


def test_who_asks_for_more_gets_it() -> None:
    params = TrainParams(steps_per_epoch=2000)
    assert long_enough(params, 10_000, "finetune") is params
