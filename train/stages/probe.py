"""Stage 1a: a linear head on frozen features of labelled renders (linear probe). Nothing of the target is used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from cad2real.layout import Layout
from cad2real.progress import Progress
from train import batches
from train.datasets import SourceDomain
from train.inference import Inference
from train.model import new_network, save_model
from train.params import TrainParams
from train.probe_heads import fit_head, with_odds
from train.stages.source import source_domain

FLOOR = 1e-3  # least standard deviation of a feature, so that a dead one does not blow up


def run(layout: Layout, params: TrainParams) -> dict[str, float]:
    """Trains the head and writes data/models/probe. Returns the held-out source accuracy.

    Raises UserError when there are no renders or fewer than two classes.
    """
    source = source_domain(layout, params)
    torch.manual_seed(params.seed)  # `weights: random` draws them here
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size)
    inference = Inference(network, rotations=1)
    rng = torch.Generator().manual_seed(params.seed)
    trained, held_out = np.flatnonzero(~source.held_out), np.flatnonzero(source.held_out)
    features, labels = _features(inference, source, np.tile(trained, params.probe.draws), params, rng)
    mean, spread = features.mean(0), features.std(0, unbiased=False).clamp_min(FLOOR)
    weight, bias = fit_head((features - mean) / spread, labels, len(source.classes), params.probe, params.seed)
    network.norm.set_statistics("source", features)
    network.norm.set_statistics("target", features)
    with torch.no_grad():
        network.head.weight.copy_(weight)
        network.head.bias.copy_(bias)
        scores = {}
        if len(held_out):
            unseen, truth = _features(inference, source, held_out, params, rng)
            logits = network.head(network.norm(unseen.to(network.mean.device), "source")).cpu()
            scores["source_accuracy"] = float((logits.argmax(dim=1) == torch.from_numpy(truth)).float().mean())
            if params.probe.head == "svm":
                factor = with_odds(logits.double().numpy(), truth)
                network.head.weight.mul_(factor)
                network.head.bias.mul_(factor)
    save_model(
        layout.models / "probe",
        network,
        {
            "stage": "probe",
            "classes": list(source.classes),
            "backbone": params.backbone,
            "image_size": params.image_size,
            "rotations": 1,
            "method": f"linear probe on frozen features, {params.probe.head.replace('_', ' ')}",
            "seed": params.seed,
            "source_images": len(trained),
            "skipped": [photo.as_dict() for photo in source.scenes.skipped],
            "target_images": 0,
            "scores": scores,
            "parameters": params.model_dump(mode="json"),
        },
    )
    return scores


def _features(
    inference: Inference,
    source: SourceDomain,
    rows: npt.NDArray[np.int64],
    params: TrainParams,
    rng: torch.Generator,
) -> tuple[torch.Tensor, npt.NDArray[np.int64]]:
    """Frozen features of one augmentation draw for each of `rows`, and their labels."""
    features = []
    with Progress("probe", len(rows), "images") as progress:
        for start in range(0, len(rows), params.batch_size):
            some = rows[start : start + params.batch_size]
            images = batches.source_view(
                batches.as_float(source.images, some),
                params.image_size,
                params.source_augment,
                params.background,
                None,
                rng,
                source.scenes.images,
            )
            features.append(inference.pooled([images]))
            progress.advance(len(some))
    return torch.cat(features), source.labels[rows]
