"""What all stages that train or test on renders read: the renders, and the photos that may stand behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.data.backgrounds import read_backgrounds
from train.data.datasets import SourceDomain, read_source
from train.data.labelled import read_labelled
from train.model import Model
from train.params import TrainParams

CACHE_FACTOR = 1.5  # pictures are kept this much larger than they are trained, so that zooming in finds detail


def cache_size(params: TrainParams) -> int:
    """Side in pixels at which both domains are kept for training."""
    return round(params.image_size * CACHE_FACTOR)


def source_domain(layout: Layout, params: TrainParams) -> SourceDomain:
    """The renders of the project with the photos of `train.background.folder` and those whose labels train. Errors as
    in `read_source` and `read_labelled`.
    """
    source = read_source(layout.renders, cache_size(params), params.held_out_share, layout.cache)
    folder = params.background.folder
    photos = read_backgrounds(layout.root / folder if folder else None, cache_size(params), layout.cache)
    labelled = read_labelled(layout.squares, source.classes, cache_size(params), params, layout.cache)
    return replace(source, background_photos=photos, labelled_photos=labelled)


def refuse_other_classes(layout: Layout, probe: Model, source: SourceDomain) -> None:
    """Raises UserError where models/probe was trained on renders of other classes than `source` has now."""
    if tuple(source.classes) != probe.classes:
        raise UserError(
            f"{layout.models / 'probe'} knows other classes than the renders.", "Run `cad2real train probe` again."
        )


def with_labelled(description: dict[str, Any], source: SourceDomain) -> dict[str, Any]:
    """The `description` of the model that a stage starts from, with the photos whose labels train now beside those that
    trained it: none of them may ever score the result.
    """
    known = source.labelled_photos
    if not len(known):
        return dict(description)
    pictures = sorted({*description.get("labelled_pictures", []), *known.pictures})
    return description | known.described() | {"labelled_pictures": pictures}
