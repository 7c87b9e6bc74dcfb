"""Whose weights may be deleted during a run: never those of the one that is chosen at its end, and all others."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from train.loop.checkpoint import Checkpoint
from train.networks.new_network import new_network
from train.selection.candidates import CandidateStore
from train.selection.choice import FALL_BACK_SCORES, Candidate, best_within_gate, choose, still_eligible

NAN = math.nan
LEVELS = [NAN, 0.1, 0.2, 0.3]


def drawn(rng: np.random.Generator, epochs: int, undefined: float) -> list[Candidate]:
    """A run: accuracies close to the gate's width, many ties, some scores that are no number."""
    accuracies = rng.choice([NAN, 0.5, 0.86, 0.88, 0.9, 0.91, 0.93, 0.95, 0.96, 1.0], epochs)
    scores = {name: rng.choice(LEVELS, epochs, p=[undefined, *[(1 - undefined) / 3] * 3]) for name in ("bnm", "dev")}
    scores |= {name: rng.choice(LEVELS, epochs, p=[0.1, 0.3, 0.3, 0.3]) for name in FALL_BACK_SCORES}
    return [
        Candidate(
            f"epoch {k}", {"source_accuracy": float(accuracies[k]), **{n: float(v[k]) for n, v in scores.items()}}
        )
        for k in range(epochs)
    ]


@pytest.mark.parametrize("fall_back", [False, True])
@pytest.mark.parametrize("score", ["bnm", "dev", "information_maximisation", "source_accuracy"])
def test_what_is_chosen_was_never_deleted(score: str, fall_back: bool) -> None:
    rng, kept_most, chosen_at = np.random.default_rng(0), [], set()
    for undefined in (0.0, 0.3, 0.9, 1.0):
        for _ in range(300):
            run, gate = drawn(rng, int(rng.integers(1, 16)), undefined), float(rng.choice([0.0, 0.02, 0.05, 0.5, 1.0]))
            alive: set[int] = set()
            for seen in range(1, len(run) + 1):
                eligible = still_eligible(run[:seen], score, gate, fall_back)
                assert eligible <= {*alive, seen - 1}, "what was deleted does not come back"
                alive = eligible
                assert choose(run[:seen], score, gate, fall_back) in alive
            kept_most.append(len(alive))
            chosen_at.add(choose(run, score, gate, fall_back))
    assert max(kept_most) > (score != "source_accuracy") and np.mean(kept_most) < 3 and len(chosen_at) > 5


def futures() -> list[Candidate]:
    """Candidates that may come next: of every accuracy that matters, better or worse by the score, or without one."""
    accuracies = [0.5, *np.round(np.arange(0.86, 1.0001, 0.01), 2)]
    return [
        Candidate("later", {"source_accuracy": float(known), "bnm": value, **dict.fromkeys(FALL_BACK_SCORES, 9.0)})
        for known, value in product(accuracies, (NAN, -1.0))
    ]


def test_none_is_kept_in_vain() -> None:
    """Each that is kept is chosen in some future of one more epoch, or of none."""
    rng = np.random.default_rng(1)
    for undefined in (0.0, 0.0, 0.5, 1.0):
        for _ in range(60):
            run, gate = drawn(rng, 8, undefined), float(rng.choice([0.02, 0.05]))
            winners = {choose(run, "bnm", gate)}
            for later in futures():
                winners.add(choose([*run, later], "bnm", gate))
            kept = still_eligible(run, "bnm", gate)
            assert winners - {len(run)} <= kept
            if undefined == 0:
                assert kept == winners - {len(run)}


def test_while_the_score_has_no_value_both_that_may_decide_count() -> None:
    def one(known: float, dev: float, information: float) -> Candidate:
        scores = {"source_accuracy": known, "dev": dev, "class_ami": 0.5, "information_maximisation": information}
        return Candidate("", scores)

    run = [one(0.9, NAN, 0.0), one(0.9, NAN, 2.0), one(0.9, NAN, 1.0)]
    assert still_eligible(run, "dev", 0.05) == {1, 2}  # by information, and the later of two without a number
    assert choose([*run, one(0.1, 0.3, 1.0)], "dev", 0.05) == 2  # one that the gate drops makes `dev` decide
    assert still_eligible([*run, one(0.9, 0.3, 1.0)], "dev", 0.05) == {3}


def weights(folder: Path) -> list[int]:
    return sorted(int(path.parent.name.removeprefix("epoch_")) for path in folder.glob("epoch_*/model.safetensors"))


def test_the_store_keeps_what_may_be_chosen(tmp_path: Path) -> None:
    accuracies = (0.5, 0.7, 0.6, 0.9, 0.8)

    def eligible(candidates: list[Candidate]) -> set[int]:
        return {best_within_gate(candidates, "source_accuracy", 0.0)}

    network = new_network("test_efficientnet", "random", 3, 32)
    store = CandidateStore(tmp_path, 3, eligible)
    there = []
    for number, known in enumerate(accuracies):
        with torch.no_grad():
            network.head.bias.fill_(number)
        guesses = torch.full((4,), number % 3)
        store.add(Candidate(f"epoch {number + 1}", {"source_accuracy": known}), network, None, guesses)
        there.append(weights(tmp_path))
    # What the newest has beaten stays until the next: the checkpoint of the newest is written after it.
    assert there == [[1], [1, 2], [2], [2, 4], [4]]
    assert load_file(store.files[3])["head.bias"].tolist() == [3.0] * 3

    def again(epochs: int) -> CandidateStore:
        other = CandidateStore(tmp_path, 3, eligible)
        assert other._restore(epochs) is bool(other.candidates)
        return other

    assert [each.scores["source_accuracy"] for each in again(5).candidates] == list(accuracies)
    assert torch.equal(torch.stack(again(5).predictions), torch.stack(store.predictions))
    assert not again(2).candidates, "the weights of the one that would be chosen are gone: the run begins anew"
    store.files[3].unlink()
    assert not again(5).candidates
    assert Checkpoint(tmp_path / "run.safetensors").epochs == 0
