"""How well parts that are not in the catalogue are noticed, look-alikes apart: what `cad2real search evaluate` left."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout

FILE = "search.json"
WAYS = {
    "by_renders": "unlike the first part's views",
    "by_photos": "unlike the photos so far",
    "by_distance": "far from all parts",
}
MOST_LOOK_ALIKES = 5


@dataclass(frozen=True)
class Noticed:
    """One way of noticing: photos, AUROC, shares in [0, 1]; the last three, at the threshold, None without one."""

    question: str
    way: str
    known: int
    new: int
    auroc: float
    false_alarms_at_95: float
    known_rejected: float | None
    new_detected: float | None
    accuracy: float | None


@dataclass(frozen=True)
class LookAlike:
    """A label, the one that looks most like it, how much, and how well photos tell them apart by each of WAYS (None:
    not known).
    """

    label: str
    look_alike: str
    similarity: float
    aurocs: tuple[float | None, ...]


@dataclass(frozen=True)
class LeftOut:
    rows: tuple[Noticed, ...]
    look_alikes: tuple[LookAlike, ...]


def read_left_out(layout: Layout) -> LeftOut | None:
    """The figures of the project's index and photos, None where there are none, or those of earlier ones. Raises
    UserError where they are damaged.
    """
    path = layout.reports / FILE
    try:
        said = read_json(path)
        of = {"index": layout.index / "index.json", "photos": layout.squares / "photos.csv"}
        if any(
            not file.is_file() or said["of"][name] != hashlib.sha256(file.read_bytes()).hexdigest()
            for name, file in of.items()
        ):
            return None
        alike = said["look_alikes"]
        questions = {
            "each label, from all photos": said["not_in_catalogue"],
            "the third most like another, from that one": alike["most_alike"],
            "the others, from the one most like them": alike["least_alike"],
        }
        rows = [
            _noticed(question, way, scores[way])
            for question, scores in questions.items()
            for way in WAYS
            if way in scores
        ]
        pairs = [_look_alike(one) for one in alike["classes"][:MOST_LOOK_ALIKES]]
        return LeftOut(tuple(rows), tuple(pairs)) if rows else None
    except FileNotFoundError:
        return None
    except (OSError, AttributeError, KeyError, TypeError, ValueError):
        raise UserError(f"{path} is damaged.", "Run `cad2real search evaluate` again.") from None


def _noticed(question: str, way: str, one: Mapping[str, Any]) -> Noticed:
    at_threshold = (one[name] for name in ("known_rejected", "new_detected", "accuracy"))
    shares = [None if share is None else float(share) for share in at_threshold]
    photos = int(one["known"]), int(one["new"])
    return Noticed(question, WAYS[way], *photos, float(one["auroc"]), float(one["false_alarms_at_95"]), *shares)


def _look_alike(one: Mapping[str, Any]) -> LookAlike:
    aurocs = tuple(float(one[way]["auroc"]) if way in one else None for way in WAYS)
    return LookAlike(str(one["label"]), str(one["look_alike"]), float(one["similarity"]), aurocs)
