"""Do the photos that `cad2real label --suggest` picks teach more than photos drawn at random?

    python tools/bench_suggest.py PROJECT --counts 10,30

PROJECT has renders, squares whose labels are known, and models/probe. Half of the photos, drawn by a seed, may be asked
about; the head is fitted anew on frozen features of renders and of the photos that were picked, with their labels, and
scored on the other half. Prints JSON: mean per class and accuracy of each way, a list with a value a seed.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from cad2real.layout import Layout
from train.data.datasets import read_target, target_labels
from train.data.labelled import LabelledPhotos
from train.measures.accuracy import classification_report
from train.model import Model
from train.params import TrainParams
from train.stages.evaluate import trained_params
from train.stages.frozen_features import frozen_features
from train.stages.probe import fit
from train.stages.source_domain import cache_size, source_domain
from train.stages.suggest import among_themselves, unsure_and_varied

Int64 = npt.NDArray[np.int64]
WAYS = ("random", "suggested")


@dataclass(frozen=True)
class Photos:
    """The photos with a label: images for training, numbers of their classes, probabilities, pooled features."""

    images: npt.NDArray[np.uint8]
    labels: Int64
    probabilities: npt.NDArray[np.float64]
    pooled: npt.NDArray[np.float64]


def read_photos(layout: Layout, model: Model, params: TrainParams) -> Photos:
    """All photos of the project that have the label of a part."""
    labels = target_labels(layout.squares)
    small, large = (read_target(layout.squares, size, None) for size in (model.image_size, cache_size(params)))
    rows = [row for row, square in enumerate(small.squares) if labels.get(square) in model.classes]
    classes = np.array([model.classes.index(labels[small.squares[row]]) for row in rows])
    seen = small.images[rows]
    return Photos(large.images[rows], classes, model.probabilities(seen), model.pooled(seen))


def picked(way: str, photos: Photos, pool: Int64, count: int, seed: int) -> Int64:
    """The rows that one way asks about, out of `pool`."""
    if way == "random":
        return pool[np.random.default_rng(seed).permutation(len(pool))[:count]]
    return pool[unsure_and_varied(among_themselves(photos.pooled[pool]), photos.probabilities[pool], count, seed)]


@torch.no_grad()
def named(model: Model, pooled: npt.NDArray[np.float64]) -> Int64:
    """The classes (n,) of photos with `pooled` features (n, d), by the head that the model has now."""
    network = model.network.eval()
    logits: torch.Tensor = network.head(network.norm(torch.from_numpy(pooled).float(), "target"))
    return logits.argmax(dim=1).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--counts", default="10,30")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    layout = Layout(asked.project)
    model = Model.load(layout.models / "probe")
    params = trained_params(model)
    source, photos = source_domain(layout, params), read_photos(layout, model, params)
    frozen = frozen_features(model.network, source, params, layout.cache)
    result: dict[str, dict[str, list[float]]] = {}
    for count in map(int, asked.counts.split(",")):
        for way in WAYS:
            row = result.setdefault(f"{way} {count}", {"mean_per_class": [], "accuracy": []})
            for seed in range(asked.seeds):
                order = np.random.default_rng([seed, 1]).permutation(len(photos.labels))
                pool, rest = np.array_split(order, 2)
                some = picked(way, photos, pool, count, seed)
                known = LabelledPhotos(photos.images[some], photos.labels[some])
                fit(model.network, replace(frozen, trained=frozen.trained.clone()), known, params)
                guesses = named(model, photos.pooled[rest])
                truth = [model.classes[label] for label in photos.labels[rest]]
                report = classification_report(truth, [model.classes[guess] for guess in guesses], model.classes)
                row["mean_per_class"].append(round(report["mean_per_class"], 4))
                row["accuracy"].append(round(report["accuracy"], 4))
            print(json.dumps({f"{way} {count}": row}), flush=True)


if __name__ == "__main__":
    main()
