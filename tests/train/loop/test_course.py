"""A run without a given length: its phases end when what was measured no longer rises, or at a ceiling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.methods.test_methods_adapt import BATCH, CLASSES, SIZE, domains
from train.data.datasets import TargetDomain
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint
from train.loop.course import Course, EpochEnd, Evidence, Limits
from train.loop.patience import EPOCHS, RENDER_EPOCHS, Patience, rises
from train.loop.schedule import OpenSchedule
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams

Learner = Callable[[int], tuple[float, float]]
"""From the number of epochs to the shares of renders and of photos that are known."""


def test_noise_is_no_rise() -> None:
    """Of networks that are equally good, a sixth looks better by more than one standard error; hardly any twice."""
    rng = np.random.default_rng(0)
    before, after = (rng.random((2, 400, 300)) < 0.8).astype(np.float64)
    rate = np.mean([rises(*pair) for pair in zip(before, after, strict=True)])
    assert 0.1 < rate < 0.22


def test_a_rise_that_is_slow_adds_up() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=200)
    patience = Patience()
    for epoch in range(30):
        patience = patience.after(0.03 * epoch + 0.3 * rng.normal(size=200) + noise)
        assert patience.since < EPOCHS
    for _ in range(40):
        patience = patience.after(0.03 * 29 + 0.3 * rng.normal(size=200) + noise)
    assert patience.since >= EPOCHS


def test_answers_that_only_become_surer_are_no_rise() -> None:
    """A score goes on rising in every photo by a hair, long after the last photo was named otherwise."""
    names, surer = np.array([0.0, 1.0, 1.0, 2.0]), np.array([1.0, 1.1, 1.2, 1.3])
    patience, counted = Patience(), Patience()
    for epoch in range(20):
        patience = patience.after(surer + 0.001 * epoch)
        counted = counted.after(surer + 0.001 * epoch, names)
    assert patience.since < EPOCHS <= counted.since
    for epoch in range(20):  # as long as one photo changes its name it goes on
        counted = Patience() if epoch == 0 else counted.after(surer + 0.001 * epoch, names + epoch % 2)
        assert counted.since < EPOCHS


def course(epochs: int = 60, source_epochs: int = 20, seconds: float | None = None, photos: bool = True) -> Course:
    return Course(OpenSchedule(epochs * 10), Limits(10, epochs, source_epochs, seconds, photos))


def ran(run: Course, learner: Learner, seconds: float = 1.0) -> list[int]:
    """Lets a learner train; the epochs at which something changed, and last the one at which it ended."""
    rng, changes, epoch = np.random.default_rng(0), [], 0
    hard = rng.random((2, 400))
    while 10 * epoch < run.schedule.steps:
        epoch += 1
        shares = learner(epoch)
        renders, photos = (hard[side] + 0.02 * rng.normal(size=400) < shares[side] for side in (0, 1))
        if run.hear(10 * epoch, Evidence(renders.astype(np.float64), photos.astype(np.float64)), seconds):
            changes.append(epoch)
    return [*changes, epoch]


def learner(slowness: float) -> Learner:
    return lambda epoch: (0.9 - 0.5 * 0.5 ** (epoch / slowness),) * 2


def test_small_sets_end_early_and_hard_ones_go_on() -> None:
    easy, hard = (ran(course(), learner(slowness)) for slowness in (0.5, 5.0))
    assert easy[-1] < 25 < hard[-1] < 60
    assert easy[0] < hard[0] <= 20


def test_renders_go_on_where_few_are_held_out_and_what_they_show_sways() -> None:
    """As six chess pieces did: 89 held-out renders, known by .02 more an epoch, swaying by .02 together and .15 each.
    Ended at its third epoch without a rise, such a run named 11 in 100 photos fewer rightly.
    """
    ended, would_have = [], []  # by its rule, and by the patience that photos are given
    for seed in range(30):
        rng, run = np.random.default_rng(seed), course(epochs=30, source_epochs=30)
        hard = 0.3 * rng.normal(size=89)
        heard, patience, longest = False, Patience(), 0
        for epoch in range(1, 15):
            known = 0.55 + 0.02 * epoch + 0.02 * rng.normal() + hard + 0.15 * rng.normal(size=89)
            patience = patience.after(known)
            longest = max(longest, patience.since)
            heard = heard or run.hear(10 * epoch, Evidence(known, np.zeros(0)), 1.0)
        ended.append(heard)
        would_have.append(longest >= EPOCHS)
    assert np.mean(ended) < 0.1 < np.mean(would_have)


def test_it_says_why_it_ended() -> None:
    run = course()
    assert run.why("train.adapt") == ""
    ran(run, learner(0.5))
    assert run.why("train.adapt") == "the photos' score stopped rising"
    run = course(photos=False)
    changes = ran(run, learner(0.5))
    assert len(changes) == 2 and run.why("train.finetune") == "the held-out renders stopped rising"


def test_what_never_stops_rising_ends_at_the_ceiling_with_its_decay() -> None:
    run = course(epochs=24, source_epochs=8)
    assert ran(run, lambda epoch: (0.03 * epoch, 0.03 * epoch)) == [8, 20, 24]
    assert run.why("train.adapt") == "train.adapt.most_steps was reached"
    run = course(epochs=10**6, source_epochs=8, seconds=24.0)
    changes = ran(run, lambda epoch: (0.03 * epoch, 0.03 * epoch))
    assert changes[-1] <= 24 and run.why("train.adapt") == "train.adapt.most_minutes was reached"


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_low_ceiling_still_gives_a_run(epochs: int) -> None:
    run = course(epochs=epochs, source_epochs=1)
    assert ran(run, learner(5.0))[-1] == epochs
    assert all(0 < run.schedule.learning_rate(step) <= 1 for step in range(run.schedule.steps))


def test_without_evidence_it_goes_to_the_ceiling() -> None:
    run = course(epochs=10, source_epochs=4)
    for epoch in range(1, 11):
        run.hear(10 * epoch, None, 1.0)
    assert run.schedule == OpenSchedule(100, adapt_from=40, decay_from=80, ramp_steps=40)


def test_a_course_is_kept_whole_in_a_checkpoint() -> None:
    run, other = course(), course()
    for epoch in range(1, 12):
        values, names = np.full(5, float(epoch > 3)), np.arange(5.0) + epoch // 4
        other.load_state_dict(run.state_dict())
        heard = [each.hear(10 * epoch, Evidence(values, values, names), 0.5) for each in (run, other)]
        assert heard[0] == heard[1] and run.schedule == other.schedule
        assert torch.equal(run.get_extra_state(), other.get_extra_state())


class Killed(Exception):
    pass


@pytest.mark.parametrize("most_steps", [1, 3, 4])
def test_a_ceiling_that_leaves_no_room_to_decay_is_a_run_all_the_same(most_steps: int) -> None:
    torch.manual_seed(0)
    source, target = domains()
    stage = AdaptParams(methods={"mcc": 1.0}, most_steps=most_steps, fall_back=False)
    params = TrainParams(image_size=SIZE, batch_size=BATCH, epochs="auto", steps_per_epoch=2, adapt=stage)
    run = Adaptation(new_network("test_efficientnet", "random", CLASSES, SIZE), source, target, params)
    ended = adapt(run, lambda *_: EpochEnd(evidence=Evidence(np.zeros(4), np.zeros(6))))
    assert ended.why("train.adapt") == "train.adapt.most_steps was reached"


def trained(path: Path | None, stop: int | None = None, photos: bool = True) -> tuple[Classifier, int]:
    """An open run whose renders and photos stop rising at once; and its number of epochs."""
    torch.manual_seed(0)
    network = new_network("test_efficientnet", "random", CLASSES, SIZE)
    seen: list[int] = []

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> EpochEnd:
        if epoch == stop:
            raise Killed
        seen.append(epoch)
        assert ("mcc" in losses) == (photos and epoch > RENDER_EPOCHS)
        return EpochEnd(evidence=Evidence(np.zeros(4), np.zeros(6)))

    source, target = domains()
    stage = AdaptParams(methods={"mcc": 1.0}, most_steps=100, fall_back=False)
    params = TrainParams(image_size=SIZE, batch_size=BATCH, epochs="auto", steps_per_epoch=2, adapt=stage)
    run = Adaptation(network, source, target if photos else TargetDomain.empty(SIZE), params)
    ended = adapt(run, on_epoch, Checkpoint(path) if path else None).why("train.adapt")
    assert ended == ("the photos' score stopped rising" if photos else "the held-out renders stopped rising")
    return network, seen[-1] + 1


def test_the_loop_follows_the_course(capsys: pytest.CaptureFixture[str]) -> None:
    assert trained(None)[1] == (1 + RENDER_EPOCHS) + EPOCHS + 2
    said = capsys.readouterr().err
    assert f"train adapt: photos join after {2 * (1 + RENDER_EPOCHS)} steps on renders." in said
    assert (
        "train adapt: train.adapt" not in said
        and "the photos' score stopped rising after 20 steps; 4 more with" in said
    )
    assert trained(None, photos=False)[1] == (1 + RENDER_EPOCHS) + 1


@pytest.mark.parametrize("stop", [1, RENDER_EPOCHS + 1, RENDER_EPOCHS + 3, RENDER_EPOCHS + EPOCHS + 1])
def test_killed_in_any_phase_it_ends_as_an_undisturbed_run(stop: int, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    with pytest.raises(Killed):
        trained(path, stop)
    resumed, undisturbed = trained(path)[0].state_dict(), trained(None)[0].state_dict()
    assert all(torch.equal(resumed[key], value) for key, value in undisturbed.items())
