"""Features of the frozen backbone: computed once for each render and random change of it, and cached by content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from cad2real.checksums import discard, is_kept, sealed_file
from cad2real.progress import Progress
from train.data import batches
from train.data.batches import TargetView
from train.data.datasets import SourceDomain
from train.data.labelled import LabelledPhotos
from train.loop.checkpoint import run_key
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.params import TrainParams

Int64 = npt.NDArray[np.int64]
NAME = "features"
TRAINED, HELD_OUT = "trained", "held_out"


@dataclass(frozen=True)
class FrozenFeatures:
    """Pooled features `trained` (n, d) of renders that train, `probe.draws` random changes of each, and `held_out`
    (m, d) of those that do not, with their labels.
    """

    trained: torch.Tensor
    trained_labels: Int64
    held_out: torch.Tensor
    held_out_labels: Int64


def frozen_features(
    network: Classifier, source: SourceDomain, params: TrainParams, cache: Path | None
) -> FrozenFeatures:
    """Features of the renders of `source` by `network`'s backbone: from the folder `cache` if they are there, under a
    name made of renders, backgrounds, backbone, code and all parameters that they depend on. None computes them anew.
    """
    trained, held_out = np.flatnonzero(~source.held_out), np.flatnonzero(source.held_out)
    rows = {TRAINED: np.tile(trained, params.probe.draws), HELD_OUT: held_out}
    cached = None if cache is None else cache / f"{NAME}-{_key(network, source, params)}.safetensors"
    features = _read(cached, rows) if cached is not None else None
    if features is None:
        inference, rng = Inference(network, rotations=1), torch.Generator().manual_seed(params.seed)
        features = {name: _computed(inference, source, some, params, rng) for name, some in rows.items()}
        if cached is not None:
            for older in sorted(cached.parent.glob(f"{NAME}-*.safetensors")):
                discard(older)
            with sealed_file(cached) as temporary:
                save_file(features, temporary)
    labels = {name: source.labels[some] for name, some in rows.items()}
    return FrozenFeatures(features[TRAINED], labels[TRAINED], features[HELD_OUT], labels[HELD_OUT])


def labelled_features(network: Classifier, photos: LabelledPhotos, params: TrainParams) -> tuple[torch.Tensor, Int64]:
    """Pooled features (k, d) of `probe.draws` random changes of each of the photos whose labels train, by `network`'s
    backbone, and their labels (k,).
    """
    inference, rng = Inference(network, rotations=1), torch.Generator().manual_seed(params.seed)
    rows = np.tile(np.arange(len(photos)), params.probe.draws)
    features = torch.empty(len(rows), network.head.in_features)
    for start in range(0, len(rows), params.batch_size):
        some = rows[start : start + params.batch_size]
        view = TargetView.draw(len(some), params, rng)
        features[start : start + len(some)] = inference.pooled([view(batches.pixels_of(photos.images, some))])
    return features, photos.labels[rows]


def _key(network: Classifier, source: SourceDomain, params: TrainParams) -> str:
    settings = [
        params.model_dump(mode="json", include={"image_size", "batch_size", "seed", "source_augment", "background"}),
        params.probe.draws,
        params.backbone,
        network.in_bfloat16,
        network.head.in_features,
        source.pictures_key,
    ]
    weights = [value.cpu().numpy() for value in network.backbone.state_dict().values()]
    return run_key(settings, [source.held_out, *weights])


def _read(path: Path, rows: dict[str, Int64]) -> dict[str, torch.Tensor] | None:
    """The features, or None when there are none or the file is damaged (they are then made again)."""
    if not is_kept(path):
        return None
    try:
        features = load_file(path)
    except (OSError, SafetensorError):
        return None
    counts = {name: len(some) for name, some in rows.items()}
    return features if {name: len(some) for name, some in features.items()} == counts else None


def _computed(
    inference: Inference, source: SourceDomain, rows: Int64, params: TrainParams, rng: torch.Generator
) -> torch.Tensor:
    """Pooled features (n, d) of one random change of the render in each of `rows`."""
    device = inference.network.mean.device
    features = torch.empty(len(rows), inference.network.head.in_features)
    with Progress("probe", len(rows), "images") as progress:
        for start in range(0, len(rows), params.batch_size):
            some = rows[start : start + params.batch_size]
            renders = batches.pixels_of(source.images, some)
            images = batches.source_view(renders, params, None, source.background_photos.images, rng, device)
            features[start : start + len(some)] = inference.pooled([images])
            progress.advance(len(some))
    return features
