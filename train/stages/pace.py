"""PACE, a simple way to compare with: pseudo-labels, alignment of covariances and an ensemble on frozen features.

Liao, Tsiligkaridis & Kulis 2022, "Pick up the PACE: Fast and Simple Domain Adaptation via Ensemble Pseudo-Labeling".
Theirs is an ensemble of several pretrained backbones; here there is one, so the heads of the ensemble differ in the
renders that each has seen (bagging, Breiman 1996). No layer of the network is trained.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from sklearn.covariance import ledoit_wolf

from train.networks.probe_heads import fit_head
from train.params import ProbeParams

Float = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MEMBERS = 5
SURE_SHARE = 0.5  # of the photos of each class: those that the head is surest of get its answer as their label


def pace(source: torch.Tensor, labels: Labels, looks: Float, classes: int, params: ProbeParams, seed: int) -> Float:
    """Probabilities (m, c) of photos that were looked at k times: `looks` (k, m, d) are their pooled features, `source`
    (n, d) those of renders with `labels` (n,). Every class has at least one render, and there are two photos or more.
    """
    aligned, photos = aligned_covariances(source.double().numpy(), looks)
    rng = np.random.default_rng(seed)
    answers = []
    for member in range(MEMBERS):
        rows = _bootstrap(labels, rng)
        weight, bias = fit_head(torch.from_numpy(aligned[rows]), labels[rows], classes, params, seed + member)
        guesses = _answers(photos, weight, bias)
        sure, pseudo_labels = surest(guesses, SURE_SHARE)
        seen = np.concatenate([aligned[rows], photos[:, sure].reshape(-1, photos.shape[2])])
        truth = np.concatenate([labels[rows], np.tile(pseudo_labels, len(photos))])
        weight, bias = fit_head(torch.from_numpy(seen), truth, classes, params, seed + member)
        answers.append(_answers(photos, weight, bias))
    return np.mean(answers, axis=0, dtype=np.float64)


def aligned_covariances(source: Float, looks: Float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Renders (n, d) with the mean and the covariance of the photos, and the looks at them (k, m, d), both in units of
    the photos' standard deviations: CORAL (Sun, Feng & Saenko, AAAI 2016), with covariances as Ledoit & Wolf (2004)
    estimate them where there are fewer images than features.
    """
    photos = looks.reshape(-1, looks.shape[2])
    mean, spread = photos.mean(axis=0), photos.std(axis=0)
    spread = np.maximum(spread, 1e-3 * max(float(spread.mean()), 1e-9))
    own, theirs = (source - source.mean(axis=0)) / spread, (photos - mean) / spread
    whitened = own @ _power(ledoit_wolf(own, assume_centered=True)[0], -0.5)
    aligned = whitened @ _power(ledoit_wolf(theirs, assume_centered=True)[0], 0.5)
    return aligned.astype(np.float32), theirs.reshape(looks.shape).astype(np.float32)


def surest(probabilities: Float, share: float) -> tuple[npt.NDArray[np.int64], Labels]:
    """Rows of the `share` of each predicted class of which `probabilities` (m, c) are surest, at least one of a class
    that any photo has, and their predictions.
    """
    guesses, sureness = probabilities.argmax(axis=1), probabilities.max(axis=1)
    kept = []
    for guess in np.unique(guesses):
        own = np.flatnonzero(guesses == guess)
        order = own[np.argsort(-sureness[own], kind="stable")]
        kept.append(order[: max(1, round(share * len(own)))])
    rows = np.sort(np.concatenate(kept))
    return rows, guesses[rows]


def _power(covariance: Float, exponent: float) -> Float:
    """A power of a symmetric matrix (d, d) without negative eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, 1e-6 * values[-1]) ** exponent) @ vectors.T  # type: ignore[no-any-return]


def _bootstrap(labels: Labels, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """As many rows of each class as there are, drawn with replacement."""
    own = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.concatenate([rng.choice(rows, len(rows)) for rows in own])


def _answers(looks: npt.NDArray[np.float32], weight: torch.Tensor, bias: torch.Tensor) -> Float:
    """Class probabilities (m, c), the mean over the looks (k, m, d)."""
    logits = torch.from_numpy(looks) @ weight.T + bias
    return logits.double().softmax(dim=2).mean(0).numpy()  # type: ignore[no-any-return]
