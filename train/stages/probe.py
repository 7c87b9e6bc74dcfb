"""Stage 1a: a linear head on frozen features of labelled renders (linear probe), and of the photos whose labels train.
Nothing else of the target is used.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import torch

from cad2real.layout import Layout
from train.compute.device import computes_in_bfloat16
from train.data.labelled import LabelledPhotos
from train.model import save_model
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.networks.probe_heads import balanced, fit_head, log_odds_factor
from train.networks.recipes import recipe_of, with_recipe
from train.params import TrainParams
from train.stages.frozen_features import FrozenFeatures, frozen_features, labelled_features
from train.stages.source_domain import source_domain

HELD_OUT_PIECE = 1000  # renders whose logits are in memory at once
FLOOR = 1e-3  # least standard deviation of a feature, so that a dead one does not blow up


def run(layout: Layout, params: TrainParams) -> dict[str, float]:
    """Trains the head and writes data/models/probe. Returns the held-out source accuracy.

    Raises UserError when there are no renders or fewer than two classes.
    """
    params = with_recipe(params)
    source = source_domain(layout, params)
    if params.labels != "none" or params.feedback:
        print(f"train probe: {source.labelled_photos.summary()}", file=sys.stderr)
    torch.manual_seed(params.seed)  # `weights: random` draws them here
    recipe = recipe_of(params.backbone, params.recipe)
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size, recipe.pooling)
    network.in_bfloat16 = computes_in_bfloat16(params.precision)
    frozen = frozen_features(network, source, params, layout.cache)
    fit(network, frozen, source.labelled_photos, params)
    with torch.no_grad():
        scores = {}
        truth = frozen.held_out_labels
        if len(truth):
            held_out = network.norm(frozen.held_out.to(network.mean.device), "source")
            guesses = torch.cat([network.head(some).argmax(dim=1).cpu() for some in held_out.split(HELD_OUT_PIECE)])
            scores["source_accuracy"] = float((guesses == torch.from_numpy(truth)).float().mean())
            if params.probe.head == "svm":
                factor = log_odds_factor(network.head(held_out).cpu().double().numpy(), truth)
                network.head.weight.mul_(factor)
                network.head.bias.mul_(factor)
    save_model(
        layout.models / "probe",
        network,
        {
            "stage": "probe",
            "classes": list(source.classes),
            "backbone": params.backbone,
            "recipe": recipe.family.name,
            "image_size": params.image_size,
            "rotations": 1,
            "method": f"linear probe on frozen features, {params.probe.head.replace('_', ' ')}",
            "seed": params.seed,
            "source_images": int((~source.held_out).sum()),
            **source.labelled_photos.described(),
            "skipped": [photo.as_dict() for photo in source.background_photos.skipped],
            "target_images": 0,
            "scores": scores,
            "parameters": params.model_dump(mode="json"),
        },
    )
    return scores


def fit(network: Classifier, frozen: FrozenFeatures, photos: LabelledPhotos, params: TrainParams) -> None:
    """Sets the statistics of `network` to those of the renders, and its head to one fitted on them and on `photos` with
    labels. Standardises `frozen.trained` in place: of many renders they are gigabytes.
    """
    features, labels, classes = frozen.trained, frozen.trained_labels, network.head.out_features
    mean, spread = features.mean(0), features.std(0, unbiased=False).clamp_min(FLOOR)
    network.norm.set_source(features, torch.from_numpy(labels))
    standardised, weights = features.sub_(mean).div_(spread), None
    if len(photos):
        of_photos, named = labelled_features(network, photos, params)
        weights = _weights(labels, named, min(1.0, len(photos) / params.batch_size), classes)
        standardised = torch.cat([standardised, of_photos.sub_(mean).div_(spread)])
        labels = np.concatenate([labels, named])
    weight, bias = fit_head(standardised, labels, classes, params.probe, params.seed, weights)
    with torch.no_grad():
        network.head.weight.copy_(weight)
        network.head.bias.copy_(bias)


def _weights(
    renders: npt.NDArray[np.int64], photos: npt.NDArray[np.int64], share: float, classes: int
) -> npt.NDArray[np.float64]:
    """Weights (n + k,) of the rows of renders (n,) and of photos (k,), given their classes: in both domains each class
    weighs alike, and all photos weigh `share` of all renders, as in a step of stage 2.
    """
    of_renders = balanced(np.ones(len(renders)), renders, classes)
    of_photos = balanced(np.ones(len(photos)), photos, classes)
    return np.concatenate([of_renders, of_photos * share * len(renders) / len(photos)])
