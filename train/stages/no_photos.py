"""The first day of a project: there are no photos to adapt to, and the model is the best that renders alone give."""

from __future__ import annotations

import sys
from typing import Any

from cad2real.layout import Layout
from train.compute.distributed import ALONE, World
from train.data.datasets import SourceDomain, TargetDomain
from train.data.held_out import held_out
from train.loop.checkpoint import delete_stale_runs
from train.model import Model, save_model
from train.params import TrainParams
from train.stages.finetune import trained_on_renders
from train.stages.sureness import sureness_on


def fine_tune_instead(
    layout: Layout,
    probe: Model,
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    reason: str,
    world: World = ALONE,
) -> dict[str, Any]:
    """Trains all layers of `probe` on renders and writes that as the adapted model; returns its description, which has
    the `reason`. All processes of `world` train; its lead writes.
    """
    if world.leads:
        print(f"train adapt: {reason} All layers are trained on the renders alone.", file=sys.stderr)

    def save(description: dict[str, Any]) -> None:
        description |= {
            "stage": "adapt",
            "adapted": False,
            "reason": reason,
            "target_images": len(target.images),
            "target_key": target.photos_key,
        }
        model = Model(probe.network, description, "")
        description |= sureness_on(model, held_out(source, target, params)).as_dict()
        save_model(layout.models / "adapt", probe.network, description)
        delete_stale_runs(layout.cache, "adapt")

    return trained_on_renders(layout, probe, source, params, save, world)
