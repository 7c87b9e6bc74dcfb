"""The candidates of a run on disk, each written whole: one is chosen, and a killed run goes on with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from cad2real.checksums import discard, is_whole, seal
from cad2real.errors import UserError
from cad2real.files import atomic_folder, read_json, write_json
from train.loop.checkpoint import Checkpoint
from train.networks.classifier import Classifier
from train.selection.choice import Candidate
from train.sizes.size_prior import SizePrior, read_prior, write_prior

WEIGHTS, PRIOR, SCORES = "model.safetensors", "size_prior.safetensors", "known.json"
GUESSES = "predictions.safetensors"

type Eligible = Callable[[Sequence[Candidate]], Collection[int]]
"""Positions of the candidates, out of all so far, that may still be chosen."""


class CandidateStore:
    """One candidate an epoch, each in a sub-folder of `folder`: its scores, its size prior, the classes (photos,) int32
    that it predicts, and the file of its weights, which is there as long as `eligible` names it. `classes`: how many
    the network knows. The first is of the epoch `first`; epoch 0 is the network before the first step.
    """

    def __init__(self, folder: Path, classes: int, eligible: Eligible, first: int = 1) -> None:
        self._folder, self._classes, self._eligible, self._first = folder, classes, eligible, first
        self.candidates: list[Candidate] = []
        self.priors: list[SizePrior | None] = []
        self.predictions: list[torch.Tensor] = []
        self.files: list[Path] = []
        self.ended = ""
        """Why the run ended when it did; "" where its length was given."""

    def add(
        self, candidate: Candidate, network: Classifier, prior: SizePrior | None, predictions: torch.Tensor
    ) -> None:
        # Weights are deleted now and not when their candidate is beaten: a run that was killed in between trains the
        # last epoch once more, which on a graphics card may come to other scores.
        for number in set(range(len(self.files))) - set(self._eligible(self.candidates)) if self.candidates else ():
            discard(self.files[number])
        with atomic_folder(self._next_folder()) as folder:
            if len(self.candidates) in self._eligible([*self.candidates, candidate]):
                save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / WEIGHTS)
            save_file({"predictions": predictions.int().contiguous()}, folder / GUESSES)
            if prior is not None:
                write_prior(folder / PRIOR, prior)
            write_json(folder / SCORES, candidate.as_dict())
            for file in sorted(folder.iterdir()):
                seal(file)
        self._append(candidate, prior, predictions.int())

    def weights(self, number: int) -> dict[str, torch.Tensor]:
        """The network's of an eligible candidate. Raises UserError where their file is damaged."""
        if not is_whole(self.files[number]):
            raise UserError(f"{self.files[number]} is damaged.", "Check this disk, then run the same again.")
        weights: dict[str, torch.Tensor] = load_file(self.files[number])
        return weights

    def resume(self, checkpoint: Checkpoint, stage: str, epochs: int | Literal["auto"]) -> None:
        """Reads what a killed run left, and prints so. If a candidate is damaged, the run begins anew."""
        if not self._restore(checkpoint.epochs):
            discard(checkpoint.path)
        if self.candidates:
            of = "" if epochs == "auto" else f" of {epochs}"
            place = checkpoint.epochs + 1 if epochs == "auto" else min(checkpoint.epochs + 1, epochs)
            print(f"train {stage}: resumed at epoch {place}{of}.", file=sys.stderr)

    def _restore(self, epochs: int) -> bool:
        try:
            for _ in range(self._first, epochs + 1 if epochs else self._first):
                folder = self._next_folder()
                predictions = load_file(folder / GUESSES)["predictions"]
                candidate = Candidate.from_dict(read_json(folder / SCORES))
                self._append(candidate, read_prior(folder / PRIOR, self._classes), predictions)
            for number in self._eligible(self.candidates) if self.candidates else ():
                self.files[number].stat()  # raises where it is gone
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            self.candidates, self.priors, self.predictions, self.files = [], [], [], []
            return False
        return True

    def _next_folder(self) -> Path:
        return self._folder / f"epoch_{len(self.candidates) + self._first:04}"

    def _append(self, candidate: Candidate, prior: SizePrior | None, predictions: torch.Tensor) -> None:
        self.files.append(self._next_folder() / WEIGHTS)
        self.candidates.append(candidate)
        self.priors.append(prior)
        self.predictions.append(predictions)
