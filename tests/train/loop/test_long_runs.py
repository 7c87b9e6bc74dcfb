"""What averages over steps looks as far back in a long run, as a share of it, as in a usual one."""

from __future__ import annotations

import pytest

from tests.train.methods.test_methods_adapt import CLASSES, SIZE, domains
from train.loop.adaptation import Adaptation, adapt
from train.losses.averaging import USUAL_STEPS, momentum_in_run
from train.losses.teacher import TeacherUpdate
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams


def test_usual_runs_keep_their_momentum_and_none_stays_none() -> None:
    for steps in (1, 6 * 25, 10 * 40, 10 * 50):  # the sample's, the starter's, the benchmark's
        assert momentum_in_run(0.98, steps) == 0.98
    assert momentum_in_run(0.0, 50_000) == 0.0


@pytest.mark.parametrize("times", [2, 10, 100])
def test_a_longer_run_averages_the_same_share(times: int) -> None:
    momentum = momentum_in_run(0.98, times * USUAL_STEPS)
    assert momentum ** (times * USUAL_STEPS / 10) == pytest.approx(0.98 ** (USUAL_STEPS / 10), rel=0.02)


def test_the_teacher_looks_back_the_same_share_of_the_steps_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.losses.averaging.USUAL_STEPS", 2)
    seen: list[float] = []
    usual = TeacherUpdate.__call__

    def watched(update: TeacherUpdate, updates: int, decay: float) -> None:
        seen.append(decay)
        usual(update, updates, decay)

    monkeypatch.setattr(TeacherUpdate, "__call__", watched)
    stage = AdaptParams(methods={"self_training": 1.0}, source_only_share=0.0, teacher_momentum=0.5)
    params = TrainParams(image_size=SIZE, batch_size=4, epochs=2, steps_per_epoch=2, adapt=stage)
    run = Adaptation(new_network("test_efficientnet", "random", CLASSES, SIZE), *domains(), params)
    adapt(run, lambda *_: None)
    assert seen == pytest.approx([0.5, 0.5, 2 / 3, 0.75])
