"""The candidates of a run, on disk each whole or not there: one is chosen, and a killed run goes on with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from cad2real.files import atomic_folder, write_json
from train.loop.checkpoint import Checkpoint
from train.networks.classifier import Classifier
from train.selection.choice import Candidate
from train.sizes.size_prior import SizePrior, read_prior, write_prior

WEIGHTS, PRIOR, LOGITS, KNOWN = "model.safetensors", "size_prior.safetensors", "logits.safetensors", "known.json"


class Candidates:
    """One an epoch, in `folder`: what is known of it, the size prior and the photos' logits (photos, classes) that it
    left, and the file of its weights. The first is of the epoch `first`; epoch 0 is the network before the first step.
    """

    def __init__(self, folder: Path, first: int = 1) -> None:
        self._folder, self._first = folder, first
        self.known: list[Candidate] = []
        self.priors: list[SizePrior | None] = []
        self.logits: list[torch.Tensor] = []
        self.files: list[Path] = []

    def add(self, known: Candidate, network: Classifier, prior: SizePrior | None, logits: torch.Tensor) -> None:
        with atomic_folder(self._place()) as place:
            save_file({name: value.contiguous() for name, value in network.state_dict().items()}, place / WEIGHTS)
            save_file({"logits": logits.contiguous()}, place / LOGITS)
            if prior is not None:
                write_prior(place / PRIOR, prior)
            write_json(place / KNOWN, known.as_dict())
        self._append(known, prior, logits)

    def resume(self, checkpoint: Checkpoint, stage: str, epochs: int) -> None:
        """Takes up what a killed run left, and says so. If a candidate is damaged, so is the run: it begins anew."""
        if not self._restore(checkpoint.epochs):
            checkpoint.path.unlink()
        if self.known:
            print(f"train {stage}: resumed at epoch {min(checkpoint.epochs + 1, epochs)} of {epochs}.", file=sys.stderr)

    def _restore(self, epochs: int) -> bool:
        try:
            for _ in range(self._first, epochs + 1 if epochs else self._first):
                place = self._place()
                logits = load_file(place / LOGITS)["logits"]
                known = Candidate.stored(json.loads((place / KNOWN).read_text(encoding="utf-8")))
                self._append(known, read_prior(place / PRIOR, logits.shape[1]), logits)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            self.known, self.priors, self.logits, self.files = [], [], [], []
            return False
        return True

    def _place(self) -> Path:
        return self._folder / f"epoch_{len(self.known) + self._first:04}"

    def _append(self, known: Candidate, prior: SizePrior | None, logits: torch.Tensor) -> None:
        self.files.append(self._place() / WEIGHTS)
        self.known.append(known)
        self.priors.append(prior)
        self.logits.append(logits)
