"""What all stages that train or test on renders read: the renders, and the photos that may stand behind them."""

from __future__ import annotations

from dataclasses import replace

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.data.backgrounds import read_backgrounds
from train.data.datasets import SourceDomain, read_source
from train.model import Model
from train.params import TrainParams

CACHE_FACTOR = 1.5  # pictures are kept this much larger than they are trained, so that zooming in finds detail


def cache_size(params: TrainParams) -> int:
    """Side in pixels at which both domains are kept for training."""
    return round(params.image_size * CACHE_FACTOR)


def source_domain(layout: Layout, params: TrainParams) -> SourceDomain:
    """The renders of the project with the photos of `train.background.folder`; errors as in `read_source`."""
    source = read_source(layout.renders, cache_size(params), params.held_out_share, layout.cache)
    folder = params.background.folder
    photos = read_backgrounds(layout.root / folder if folder else None, cache_size(params), layout.cache)
    return replace(source, background_photos=photos)


def refuse_other_classes(layout: Layout, probe: Model, source: SourceDomain) -> None:
    """Raises UserError where models/probe was trained on renders of other classes than `source` has now."""
    if tuple(source.classes) != probe.classes:
        raise UserError(
            f"{layout.models / 'probe'} knows other classes than the renders.", "Run `cad2real train probe` again."
        )
