"""What is said of an answer's parts: by the page and by the JSON interface alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import quote

import numpy as np

from search.index import Index, IndexedPart
from search.looks.heads import Fact
from search.query import Answer
from search.ranking import Match, Queries, part_distances

SURE, LIKELY = 0.9, 0.6
"""Calibrated probabilities from which a part is called sure, or likely."""
LESS = {"sure": "likely", "likely": "unsure"}
"""What is said where the views speak for another part than the classifier: two witnesses, of which one knows only what
it has learned. Things that are no part of the catalogue are called sure less often by it, photos of parts hardly."""
LOOK_ALIKES = 4
FILTERS = ("material", "color")


@dataclass(frozen=True)
class Card:
    """A part as an answer: `said`: what the catalogue says; `fit` in [0, 1]: 1 minus its distance, to which views
    and classifier add alike; `certainty`: a name in words.yaml.
    """

    match: Match
    said: IndexedPart
    fit: float
    certainty: str

    @property
    def picture(self) -> str:
        return picture_url(self.match.view)


@dataclass(frozen=True)
class Telling:
    """A part of a tie, and the view of it to photograph."""

    said: IndexedPart
    view: str

    @property
    def picture(self) -> str:
        return picture_url(self.view)


@dataclass(frozen=True)
class LooksLike:
    """What a thing looks as if it were made of; `wanted`: the catalogue's own word for it, by which parts may be
    filtered, empty where it has none.
    """

    fact: Fact
    wanted: str

    @property
    def kind(self) -> str:
        return self.fact.kind

    @property
    def value(self) -> str:
        return self.fact.value


@dataclass(frozen=True)
class Told:
    """The answer about one thing in a photo: its parts; of the first two, where they are nearly `tied`, the views that
    tell them apart; whether it is `doubtful` that the part is in the catalogue at all; `box` in shares of the photo
    (left, top, width, height in [0, 1]), None for the whole; `size`: its widths in mm, where they could be measured;
    `looks`: what it looks like; `unseen`: parts without renders that are said to look so.
    """

    cards: list[Card]
    tied: list[Telling]
    doubtful: bool
    box: tuple[float, float, float, float] | None
    score: float | None
    size: list[float] = field(default_factory=list)
    looks: list[LooksLike] = field(default_factory=list)
    unseen: list[IndexedPart] = field(default_factory=list)


def told(answer: Answer, index: Index, width: int, height: int) -> Told:
    """What is said of `answer` about a photo of `width` x `height` pixels."""
    parts = {part.part_id: part for part in index.parts}
    cards = [
        Card(match, parts[match.part_id], float(np.clip(1 - match.distance, 0, 1)), certainty(match.confidence))
        for match in answer.matches
    ]
    highest = max((card.match.similarity for card in cards), default=0.0)
    cards = [
        replace(card, certainty=LESS.get(card.certainty, card.certainty)) if card.match.similarity < highest else card
        for card in cards
    ]
    if cards and cards[0].match.read:  # its number stands there
        cards[0] = replace(cards[0], certainty="sure")
    tie = answer.tie
    tied = [Telling(parts[part], view) for part, view in zip(tie.part_ids, tie.views, strict=True)] if tie else []
    doubtful = bool(cards) and (cards[0].certainty == "unsure" or cards[0].match.is_unusual)
    box = answer.box
    shares = None
    if box is not None:
        sides = (box.x_max - box.x_min) / width, (box.y_max - box.y_min) / height
        shares = (box.x_min / width, box.y_min / height, *sides)
    size = answer.size.as_list() if answer.size else []
    looks = [LooksLike(fact, _catalogues_word(fact, index)) for fact in answer.facts]
    return Told(cards, tied, doubtful, shares, answer.score, size, looks, [one.part for one in answer.unseen])


def _catalogues_word(fact: Fact, index: Index) -> str:
    """The material or colour of the catalogue that `fact` means; empty where no part is of it."""
    if fact.kind not in FILTERS:
        return ""
    words = sorted({str(getattr(part, fact.kind)) for part in index.parts})
    return next((word for word in words if word.strip().casefold() == fact.value), "")


def certainty(confidence: float | None) -> str:
    """The word for a calibrated probability, None of a part that the classifier has not learned.

    >>> [certainty(value) for value in (0.95, 0.7, 0.2, None)]
    ['sure', 'likely', 'unsure', 'not_trained']
    """
    if confidence is None:
        return "not_trained"
    return "sure" if confidence >= SURE else "likely" if confidence >= LIKELY else "unsure"


def picture_url(view: str) -> str:
    """Where the page finds a view."""
    return f"/pictures/{quote(view)}"


def part_url(part_id: str) -> str:
    """Where the page of a part is."""
    return f"/parts/{quote(part_id, safe='')}"


def as_json(part: IndexedPart) -> dict[str, object]:
    """What the catalogue says of a part."""
    return {
        "part_id": part.part_id,
        "label": part.label,
        "name": part.name,
        "material": part.material,
        "surface": part.surface,
        "color": part.color,
        "size_mm": list(part.size_mm),
        "places": [{"position": one.position, "within": list(one.within)} for one in part.places],
    }


def look_alikes(index: Index, part: int) -> list[IndexedPart]:
    """The other parts whose views are most like those of part number `part`, most alike first."""
    own = index.embeddings[index.part_rows == part]
    if not len(own):
        return []
    distances = part_distances(index, Queries(own))[0].mean(axis=0)
    distances[part] = np.inf
    order = np.argsort(distances, kind="stable")[:LOOK_ALIKES]
    return [index.parts[other] for other in order if np.isfinite(distances[other])]
