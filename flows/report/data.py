"""What the report shows, read from the project's artifacts. Whatever has not been made yet is left out."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout

CONFUSIONS = 6  # most frequent ones that are shown with pictures
CONFUSION_PHOTOS = 4


@dataclass(frozen=True)
class PartCard:
    """A part that was rendered; `views` are relative to data/renders."""

    part_id: str
    name: str
    material: str
    size: str
    views: tuple[str, ...]


@dataclass(frozen=True)
class LabelCard:
    """A label: its parts beside its photos (names of squares)."""

    label: str
    parts: tuple[PartCard, ...]
    squares: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """Figures of one model on the labelled photos; `per_class` and `confusion` as in evaluation.json, where the latter
    is None for very many classes.
    """

    accuracy: float
    mean_per_class: float
    per_class: dict[str, dict[str, Any]]
    confusion: list[list[int]] | None
    predictions: list[dict[str, Any]]


@dataclass(frozen=True)
class Confusion:
    """`count` photos of `label` were recognised as `predicted`; `squares` are some of them."""

    label: str
    predicted: str
    count: int
    squares: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """Something that was skipped or noted: in which stage, what, where it was named, and why."""

    stage: str
    thing: str
    where: str
    reason: str


@dataclass(frozen=True)
class ReportData:
    """All that the report shows of a project's last run. None and empty mean: does not exist."""

    cards: tuple[LabelCard, ...]
    renders: int
    photos: int
    labelled: int
    classes: tuple[str, ...]
    before: Scores | None
    after: Scores | None
    why_no_scores: str
    model: dict[str, Any]
    examples: list[dict[str, Any]]
    retrieval: dict[str, Any]
    part_scores: dict[str, dict[str, float]]
    looks: list[dict[str, Any]]
    evaluation: dict[str, Any]
    gap: dict[str, Any]
    faults: tuple[Fault, ...]

    @property
    def selection(self) -> dict[str, Any]:
        """The choice of the checkpoint in hindsight; empty where evaluation.json has none."""
        return self.evaluation.get("selection") or {}

    @property
    def parts(self) -> int:
        return sum(len(card.parts) for card in self.cards)

    @property
    def labels_that_train(self) -> int:
        """How many photos the model learned from with their labels; they are in no score."""
        return int(self.model.get("labelled_photos", 0))

    @property
    def origin(self) -> str:
        """What the network learned from: ready-made renders are of parts without a size."""
        return "CAD" if any(part.size for card in self.cards for part in card.parts) else "renders"

    def card(self, label: str) -> LabelCard | None:
        return next((card for card in self.cards if card.label == label), None)

    def name(self, label: str) -> str:
        """The name of the label's only part, empty where it is the label."""
        card = self.card(label)
        only = card.parts[0].name if card and len(card.parts) == 1 else ""
        return "" if only == label else only

    def confusions(self) -> list[Confusion]:
        """The most frequent mistakes of the adapted model, with the photos that it was surest of."""
        if self.after is None:
            return []
        wrong = [guess for guess in self.after.predictions if guess["predicted"] != guess["label"]]
        pairs = Counter((guess["label"], guess["predicted"]) for guess in wrong)
        found = []
        for (label, predicted), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:CONFUSIONS]:
            own = [guess for guess in wrong if (guess["label"], guess["predicted"]) == (label, predicted)]
            own.sort(key=lambda guess: (-guess["confidence"], guess["square"]))
            squares = tuple(guess["square"] for guess in own[:CONFUSION_PHOTOS])
            found.append(Confusion(label, predicted, count, squares))
        return found


def read_report_data(layout: Layout) -> ReportData:
    """Reads the artifacts of the project. Raises UserError when one of them is damaged."""
    try:
        return _read(layout)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(
            f"An artifact in {layout.data} is not as expected ({error!r}).", "Run the stages again."
        ) from None


def _read(layout: Layout) -> ReportData:
    parts = _parts(layout)
    squares = _rows(layout.squares / "photos.csv")
    evaluation = _json(layout.reports / "evaluation.json") or {}
    photos: dict[str, list[str]] = {}
    for row in squares:
        photos.setdefault(row["label"], []).append(row["square"])
    by_label: dict[str, list[PartCard]] = {}
    for label, card in parts:
        by_label.setdefault(label, []).append(card)
    why = evaluation.get("reason", "")
    if not evaluation:
        why = "The photos have not been scored yet: run `cad2real evaluate`."
    return ReportData(
        cards=tuple(
            LabelCard(label, tuple(cards), tuple(photos.get(label, []))) for label, cards in sorted(by_label.items())
        ),
        renders=sum(len(card.views) for _, card in parts),
        photos=len(squares),
        labelled=sum(bool(row["label"]) for row in squares),
        classes=tuple(evaluation.get("classes", [])),
        before=_scores(evaluation.get("source_only")),
        after=_scores(evaluation.get("adapted")),
        why_no_scores=why,
        model=_json(layout.models / "adapt" / "model.json") or {},
        examples=_json(layout.index / "examples.json") or [],
        retrieval=_json(layout.index / "retrieval.json") or {},
        part_scores=_part_scores(layout.index / "scores.json"),
        looks=_looks(layout.index / "looks.json"),
        evaluation=evaluation,
        gap=_json(layout.reports / "gap.json") or {},
        faults=tuple(_faults(layout, evaluation)),
    )


def _parts(layout: Layout) -> list[tuple[str, PartCard]]:
    """Label and card of each part of renders.json."""
    rendered = (_json(layout.renders / "renders.json") or {}).get("parts", [])
    cards = []
    for part_id in rendered:
        part = _json(layout.renders / part_id / "part.json")
        if part is None:
            continue
        size = " × ".join(f"{side:.3g}" for side in part.get("size_mm", []))
        views = tuple(f"{part_id}/{view['file']}" for view in part["views"])
        name = part.get("name") or part_id
        cards.append((part["label"], PartCard(part_id, name, _material(part.get("material")), size, views)))
    return cards


def _material(material: Any) -> str:
    """A realised material in a few words, whether it is written as text or as a record."""
    if isinstance(material, dict):
        words = [str(material[key]) for key in ("surface", "color", "material", "name") if material.get(key)]
        return " ".join(word for word in words if word != "natural")
    return str(material or "")


def _scores(figures: dict[str, Any] | None) -> Scores | None:
    if not figures or "accuracy" not in figures:
        return None
    per_class = {row["label"]: row for row in figures["per_class"]}
    return Scores(
        figures["accuracy"], figures["mean_per_class"], per_class, figures["confusion"], figures["predictions"]
    )


def _faults(layout: Layout, evaluation: dict[str, Any]) -> list[Fault]:
    catalogue = _json(layout.catalogue) or {}
    lists = [
        ("parts", catalogue.get("skipped", [])),
        ("parts (note)", catalogue.get("notes", [])),
        ("renders", (_json(layout.renders / "renders.json") or {}).get("failed", [])),
        ("photos", _json(layout.squares / "skipped.json") or []),
        ("backgrounds", (_json(layout.models / "adapt" / "model.json") or {}).get("skipped", [])),
    ]
    faults = [
        Fault(stage, fault["thing"], fault["where"], fault["reason"]) for stage, items in lists for fault in items
    ]
    for label, count in sorted(evaluation.get("classes_without_cad", {}).items()):
        reason = (
            f"{count} photos show it, but no part has this label: they are not scored. Add its CAD to the part list."
        )
        faults.append(Fault("classes", label, "", reason))
    return faults


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error}).", "Run its stage again.") from None


def _part_scores(path: Path) -> dict[str, dict[str, float]]:
    """The scores of search by the way of answering, none of an index of before."""
    scores = _json(path) or {}
    try:
        return {way: {name: float(value) for name, value in one.items()} for way, one in scores.items()}
    except (AttributeError, TypeError, ValueError):
        raise UserError(f"{path} is damaged.", "Run `cad2real index` again.") from None


def _looks(path: Path) -> list[dict[str, Any]]:
    """What is known of the heads for material, surface and colour, of each: `kind`, number of `values`, shares. None of
    an index of before.
    """
    shares = ("accuracy", "said", "right_when_said")
    try:
        return [
            {"kind": str(head["kind"]), "values": len(head["values"]), **{name: float(head[name]) for name in shares}}
            for head in (_json(path) or {}).get("heads", [])
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UserError(f"{path} is damaged.", "Run `cad2real index` again.") from None


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []
