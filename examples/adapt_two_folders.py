"""Renders and unlabelled photos to a model: python examples/adapt_two_folders.py data/renders shots model."""

import sys
from pathlib import Path

from cad2real.layout import Layout
from photos.stage import make_squares
from train.model import Model
from train.params import TrainParams
from train.stages import adapt, probe


def main(renders: str, photos: str, out: str, **changes: object) -> Model:
    params, layout = TrainParams().model_copy(update=changes), Layout(Path(out))
    layout.data.mkdir(parents=True)
    layout.renders.symlink_to(Path(renders).resolve())  # folders of views, each with its part.json
    make_squares(Path(photos), boxes=None, border="shift", size=256, out=layout.squares)
    scores = probe.run(layout, params)  # 1a: a linear head on frozen features of the renders
    print(f"held-out renders: {scores['source_accuracy']:.2f}")
    description = adapt.run(layout, params)  # 2: all layers, with the photos; no label of theirs is read
    print(f"{layout.models / 'adapt'}: {description.get('chosen', description.get('reason'))}")
    return Model.load(layout.models / "adapt")


if __name__ == "__main__":
    main(*sys.argv[1:4])
