"""What a network is sure of, and wrong about, is known from all photos that it takes for one part."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize_scalar

from train.loop.task import AdaptationTask
from train.sizes.calibration import calibrate
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior, fuse, read_prior, write_prior

WIDTHS_MM = np.array([[49.0, 8.2], [48.0, 8.0], [20.0, 20.0]])
"""A brick and a plate, which look the same from above but that the brick's top is nearer, and another part."""
BRICK, PLATE, OTHER = range(3)
LOOKS = [Sizes(np.log(WIDTHS_MM), np.arange(3), np.ones(3), 480.0)]


def photos(noise: float = 0.009) -> tuple[np.ndarray, np.ndarray]:
    """Log widths of photos by one camera, and which part each shows."""
    truth = np.repeat([BRICK, PLATE, OTHER], [60, 120, 60])
    order = np.random.default_rng(3).permutation(len(truth))
    truth = truth[order]
    return np.log(3.7 * WIDTHS_MM[truth]) + np.random.default_rng(0).normal(0, noise, (len(truth), 2)), truth


def sure_of(named: np.ndarray, doubt: float = 0.001) -> np.ndarray:
    """Class probabilities of a network that is sure of what it names."""
    said = np.full((len(named), 3), doubt / 2)
    said[np.arange(len(named)), named] = 1 - doubt
    return said


def right(prior: SizePrior | None, said: np.ndarray, observed: np.ndarray, truth: np.ndarray) -> float:
    return float((fuse(said, prior, observed).argmax(axis=1) == truth).mean())


def test_a_network_that_is_sure_that_bricks_are_plates_is_corrected_by_what_all_its_plates_look_like() -> None:
    observed, truth = photos()
    said = sure_of(np.where(truth == BRICK, PLATE, truth))
    prior = calibrate(LOOKS, observed, said)
    assert prior is not None and prior.taken_for is not None
    assert prior.taken_for.sum(axis=1) == pytest.approx(np.ones(3))
    assert prior.taken_for[PLATE, BRICK] == pytest.approx(1 / 3, abs=0.12)
    assert prior.taken_for[OTHER, OTHER] > 0.95
    one_share = SizePrior(
        prior.sizes, 3, prior.factor, prior.spread, prior.distance_spread, prior.mistaken, prior.typical
    )
    assert right(prior, said, observed, truth) > right(one_share, said, observed, truth) + 0.04


def test_a_network_that_is_right_is_not_overruled() -> None:
    observed, truth = photos()
    prior = calibrate(LOOKS, observed, sure_of(truth))
    assert right(prior, sure_of(truth), observed, truth) == 1.0


def test_a_part_of_whose_photos_most_were_another_is_no_mix_up() -> None:
    observed, truth = photos()
    prior = calibrate(LOOKS, observed, sure_of(np.where(truth == PLATE, OTHER, truth)))
    assert prior is not None and prior.taken_for is None


def test_varying_distances_tell_of_no_mix_ups() -> None:
    observed, truth = photos()
    observed = observed + np.random.default_rng(5).normal(0, 0.1, (len(observed), 1))
    prior = calibrate(LOOKS, observed, sure_of(np.where(truth == BRICK, PLATE, truth)))
    assert prior is not None and prior.distance_spread and prior.taken_for is None


def test_outlines_that_cannot_tell_two_parts_apart_leave_the_networks_word_about_them() -> None:
    """From varying distances the shape alone counts, and theirs is the same."""
    observed, truth = photos()
    observed = observed + np.random.default_rng(5).normal(0, 0.4, (len(observed), 1))
    same_shape = WIDTHS_MM.copy()
    same_shape[PLATE] = same_shape[BRICK]
    looks = [Sizes(np.log(same_shape), np.arange(3), np.ones(3), 480.0)]
    said = sure_of(truth)
    assert right(calibrate(looks, observed, said), said, observed, truth) == 1.0


def test_shares_are_the_most_likely_ones_with_one_photo_a_class_as_before() -> None:
    """Against a search by another method: one class's word about two parts that no other class is ever said of."""
    observed, truth = photos()
    kept = truth != OTHER
    said = np.zeros((len(truth), 3))
    said[np.arange(len(truth)), np.where(truth == BRICK, PLATE, truth)] = 1.0
    prior = calibrate(LOOKS, observed, said)
    assert prior is not None and prior.taken_for is not None
    likelihood = np.exp(prior.log_likelihood(observed[kept]))
    before = (1 - prior.mistaken) * np.eye(3) + prior.mistaken / 3
    third = prior.taken_for[PLATE, OTHER]

    def less_likely(brick: float) -> float:
        row = np.array([brick, 1 - third - brick, third])
        return float(-np.log(likelihood @ row).sum() - (before[PLATE] * np.log(row)).sum())

    best = minimize_scalar(less_likely, bounds=(1e-6, 1 - third - 1e-6), method="bounded", options={"xatol": 1e-7}).x
    assert prior.taken_for[PLATE, BRICK] == pytest.approx(best, abs=1e-3)


def mixed_up(observed: np.ndarray) -> SizePrior:
    taken_for = np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.0, 0.0, 1.0]])
    return SizePrior(LOOKS[0], 3, float(np.log(3.7)), 0.01, mistaken=0.1, taken_for=taken_for)


@pytest.mark.parametrize("known_better", [True, False])
def test_the_teacher_is_corrected_as_an_answer_is(known_better: bool) -> None:
    observed, truth = photos()
    prior = mixed_up(observed)
    if not known_better:
        prior = SizePrior(prior.sizes, 3, prior.factor, prior.spread, mistaken=0.1)
    observed[::7] = np.nan  # could not be measured
    said = np.random.default_rng(4).dirichlet(np.ones(3), len(truth))
    logits = AdaptationTask._with_sizes(torch.from_numpy(said).float(), prior, observed)
    assert logits.softmax(dim=1).numpy() == pytest.approx(fuse(said, prior, observed), abs=1e-4)
    assert fuse(said, prior, observed)[::7] == pytest.approx(said[::7], abs=1e-5)


def test_what_is_taken_for_what_is_stored_and_a_broken_table_is_refused(tmp_path: Path) -> None:
    observed, _ = photos()
    prior, path = mixed_up(observed), tmp_path / "prior.safetensors"
    write_prior(path, prior)
    again = read_prior(path, 3)
    assert again is not None and again.taken_for == pytest.approx(prior.taken_for)
    stored, broken = load_file(path), tmp_path / "broken.safetensors"
    right_table = stored["taken_for"]
    for table in (right_table[:2], right_table * 2, right_table - 0.5, right_table * np.nan, right_table.astype("f4")):
        save_file(stored | {"taken_for": table}, broken)
        with pytest.raises(ValueError, match="no sizes"):
            read_prior(broken, 3)


def test_adaptation_begins_with_the_shares_of_classes_among_corrected_answers(monkeypatch, tmp_path) -> None:
    from train.stages import adapt_epochs

    observed, truth = photos()
    said = sure_of(np.where(truth == BRICK, PLATE, truth))
    prior = calibrate(LOOKS, observed, said)
    begun = []

    class Stop(Exception):
        pass

    def stop(run, on_epoch, checkpoint, size_prior):
        begun.append((run.class_shares, size_prior))
        raise Stop

    monkeypatch.setattr(adapt_epochs, "adapt", stop)
    monkeypatch.setattr(adapt_epochs, "sizes_in_photos", lambda *some: LOOKS)
    monkeypatch.setattr(adapt_epochs, "CandidateStore", Store)
    monkeypatch.setattr(adapt_epochs, "replace", lambda run, **changes: SimpleNamespace(**{**vars(run), **changes}))
    outputs = SimpleNamespace(target_probabilities=said, target_predictions=said.argmax(axis=1))
    scorer = SimpleNamespace(extents=observed, initial_outputs=lambda network: outputs, scores=lambda outputs: {})
    alone = SimpleNamespace(broadcast_from_lead=lambda make: make(), leads=True)
    params = SimpleNamespace(adapt=SimpleNamespace(score="bnm", source_accuracy_gate=0.1, fall_back=True), epochs=1)
    run = SimpleNamespace(
        world=alone, params=params, label_shift=None, network=None, source=SimpleNamespace(classes=("a", "b", "c"))
    )
    monkeypatch.setattr(adapt_epochs, "TensorBoardLog", lambda *some: SimpleNamespace(log=lambda *more: None))
    with pytest.raises(Stop):
        adapt_epochs.train_candidates(tmp_path, run, scorer, tmp_path)
    ((shares, _),) = begun
    assert shares.numpy() == pytest.approx(fuse(said, prior, observed).mean(axis=0), abs=1e-6)
    assert shares[BRICK] > 0.1 > said.mean(axis=0)[BRICK]


class Store:
    """What `train_candidates` asks of the store of its candidates."""

    def __init__(self, *some: object, **more: object) -> None:
        self.candidates: list[object] = []
        self.priors: list[object] = []

    def resume(self, *some: object) -> None:
        pass

    def add(self, candidate: object, network: object, prior: object, predictions: object) -> None:
        self.candidates.append(candidate)
        self.priors.append(prior)
