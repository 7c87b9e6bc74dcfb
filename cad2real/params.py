"""Reads params.yaml: one typed block a room, each owned by its room. Errors name the key and what is allowed there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.plain_yaml import plain_yaml
from cad2real.schema import Block
from flows.params import FlowParams
from photos.params import PhotosParams
from render.params import CatalogueParams, RenderParams
from search.params import SearchParams
from train.find_params import FindParams
from train.params import TrainParams, without_auto
from train.segment_params import SegmentParams

LONGEST = 300
"""Characters of a wrong value that an error shows."""


class Params(Block):
    """All of params.yaml. A block that is left out has its defaults."""

    catalogue: CatalogueParams = CatalogueParams()
    render: RenderParams = RenderParams()
    photos: PhotosParams = PhotosParams()
    train: TrainParams = TrainParams()
    find: FindParams = FindParams()
    segment: SegmentParams = SegmentParams()
    search: SearchParams = SearchParams()
    flow: FlowParams = FlowParams()


def load_params(path: Path) -> Params:
    """Reads and checks `path`; a missing file gives the defaults. Raises UserError that lists every wrong key.

    >>> params = load_params(Path("no/params.yaml"))
    >>> params.render.size, params.train.backbone
    (512, 'tf_efficientnet_lite0')
    """
    from pydantic import ValidationError

    if not path.exists():
        return Params()
    try:
        raw = plain_yaml(path.read_text(encoding="utf-8")) or {}
    except ValueError as error:
        raise UserError(f"{path} is not valid YAML: {error}", "Mend the line named above.") from None
    except IsADirectoryError:
        raise UserError(
            f"{path} is a folder, and has to be a file.", "Rename it; without one the defaults hold."
        ) from None
    try:
        # Through JSON, where a YAML list may fill a tuple: strict mode refuses that for Python objects.
        import json

        if isinstance(raw, dict) and "train" in raw:
            raw = {**raw, "train": without_auto(raw["train"])}
        return Params.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        lines = [f"  {'.'.join(str(step) for step in item['loc'])}: {_explain(item)}" for item in error.errors()]
        raise UserError(f"{path} has {len(lines)} wrong value(s):\n" + "\n".join(lines), "") from None


def _explain(item: Mapping[str, Any]) -> str:
    given = repr(item["input"])
    given = given if len(given) <= LONGEST else f"{given[:LONGEST]}..."
    if item["type"] == "extra_forbidden":
        return f"unknown key (value {given}); remove it or correct its name"
    return f"{item['msg']}, but it is {given}"
