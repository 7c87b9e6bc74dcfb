"""Which photos a person should name next, and what the person said: between the model and the photos."""

from __future__ import annotations

from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout
from photos.labelling import Asked, ReadBack, write_suggestions
from photos.labelling import read_back as read_answers
from photos.learned import LABELS
from photos.manifest import read_manifest
from search.model.torch_model import STAGES


def suggest(layout: Layout, count: int, out: Path) -> int:
    """Writes at most `count` pictures to name into `out` and returns how many. Raises UserError where there are no
    photos, no model, or nothing is left to ask.
    """
    from train.model import Model
    from train.stages.suggest import suggest as suggested

    rows = {row.square: row for row in read_manifest(layout.squares)}
    learned = layout.squares / LABELS
    trained = {one["square"] for one in read_json(learned, "photos")["photos"]} if learned.is_file() else set()
    repeated = {row.square for row in rows.values() if row.duplicate_of}
    if not rows.keys() - trained - repeated:
        raise UserError("No photo is left to ask about.", "Put photos into the photo folder, then `cad2real photos`.")
    there = [stage for stage in STAGES if (layout.models / stage / "model.json").is_file()]
    model = Model.load(layout.models / (there or STAGES)[0])
    found = suggested(layout, model, count, trained | repeated)
    asked = [Asked(rows[one.square], one.guess, one.probability) for one in found]
    write_suggestions(layout.squares, asked, model.classes, out)
    return len(asked)


def read_back(layout: Layout, photos: str, folder: Path) -> tuple[ReadBack, list[str]]:
    """Adds the labels that a person gave in `folder` to the table in the photo folder `photos`; returns what was read,
    and the labels in the table that no rendered part has.
    """
    from photos.boxes import read_boxes
    from photos.learned import TRAINING_LABELS

    place = layout.root / photos
    found = read_answers(folder, place)
    parts = {read_json(path, "label")["label"] for path in layout.renders.glob("*/part.json")}
    given = {row.label for row in read_boxes(place / TRAINING_LABELS)} if found.total else set()
    return found, sorted(label for label in given if label and parts and label not in parts)
