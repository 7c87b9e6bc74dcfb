"""What photos look as if they were made of: linear heads on the embeddings that the search compares, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cad2real.errors import UserError
from cad2real.files import write_json
from search.index import DescribedPart, IndexedPart
from search.looks.words import family
from search.ranking import Floats
from train.measures.calibration import at_temperature

WEIGHTS, DESCRIPTION = "looks.safetensors", "looks.json"
SAID_FROM = 0.7
"""Calibrated probability from which something is said of a photo: above `likely`, for photos are not renders."""
LEAST_LIFT = 0.2
"""How far from chance to always right a head has to be, on parts that it has not seen, to say anything at all."""
STRICT = ConfigDict(strict=True, frozen=True)


@dataclass(frozen=True)
class Fact:
    """What a photo looks like: a `value` of a `kind` (material, surface or color), with its calibrated probability."""

    kind: str
    value: str
    confidence: float

    def as_dict(self) -> dict[str, str | float]:
        return {**asdict(self), "confidence": round(self.confidence, 3)}


class Head(BaseModel):
    """What is known of a head: it tells `values` apart, `temperature` calibrates it. `accuracy`: mean over the values,
    of `views` of `parts` that its likes had not seen; of n values chance has 1/n. `said`: of what share of these it is
    sure enough to say something, `right_when_said`: how often that is right (0 where nothing is said). An empty value
    is whatever is none of the others: a bare material's colour, or words that are rare.
    """

    model_config = STRICT

    kind: Annotated[str, Field(pattern="^(material|surface|color)$")]
    values: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=2, max_length=200)]
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    accuracy: Annotated[float, Field(ge=0, le=1)]
    said: Annotated[float, Field(ge=0, le=1)]
    right_when_said: Annotated[float, Field(ge=0, le=1)]
    views: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1)]

    @property
    def chance(self) -> float:
        return 1 / len(self.values)

    @property
    def is_known(self) -> bool:
        """Whether it says anything: it is far enough from chance on parts that it has not seen."""
        return (self.accuracy - self.chance) / (1 - self.chance) >= LEAST_LIFT


class Hits(BaseModel):
    """How well a part without renders is found by its metadata: of `views` of parts that no head has seen, the share
    whose own words are the `first` (or `in_5`) among the different `looks` that renders were drawn with; the same
    by chance.
    """

    model_config = STRICT

    views: int
    looks: int
    first: float
    in_5: float
    chance: float


class Described(BaseModel):
    """looks.json, which may be a stranger's. `unseen`: parts of the catalogue without renders; `hits`: how well
    such are found, None where the heads know nothing of them.
    """

    model_config = STRICT

    model_key: str
    heads: Annotated[list[Head], Field(max_length=3)] = []
    unseen: list[DescribedPart] = []
    hits: Hits | None = None


@dataclass(frozen=True)
class Shift:
    """From embeddings of photos to those of renders (`search.looks.photo_shift`): `scale` and `offset` (d,)."""

    scale: Floats
    offset: Floats

    def of(self, embeddings: Floats) -> Floats:
        """Embeddings (n, d) of photos as renders of the same would have them, L2-normalised."""
        moved = embeddings * self.scale + self.offset
        shifted: Floats = (moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        return shifted


@dataclass(frozen=True)
class Looks:
    """The heads of an index, with their weights (values, d + 1), the last column of which is the bias; `shift` of
    photos, None where theirs are embeddings as those of renders are.
    """

    described: Described
    weights: tuple[Floats, ...] = ()
    shift: Shift | None = None

    @property
    def unseen(self) -> list[IndexedPart]:
        """Parts of the catalogue that have metadata and no renders."""
        return [part.as_part() for part in self.described.unseen]

    def answers(self, embeddings: Floats) -> list[tuple[Head, Floats]]:
        """Each head with the calibrated probabilities (n, values) of embeddings (n, d) of photos."""
        if self.shift is not None:
            embeddings = self.shift.of(embeddings)
        return [
            (head, probabilities(weights, embeddings, head.temperature))
            for head, weights in zip(self.described.heads, self.weights, strict=True)
        ]

    def known(self, embeddings: Floats) -> list[tuple[Head, Floats]]:
        """Each head that knows something, with the probabilities (values,) of embeddings (n, d) of one thing: their
        mean.
        """
        answers = self.answers(embeddings) if len(embeddings) else []
        return [(head, likely.mean(axis=0)) for head, likely in answers if head.is_known]

    def facts(self, embeddings: Floats) -> list[Fact]:
        """What photos (n, d) of one thing look like, as far as that is likely."""
        facts = []
        for head, likely in self.known(embeddings):
            best = int(likely.argmax())
            if likely[best] >= SAID_FROM and head.values[best]:
                facts.append(Fact(head.kind, head.values[best], float(likely[best])))
        return facts


def probabilities(weights: Floats, embeddings: Floats, temperature: float) -> Floats:
    """Calibrated probabilities (n, values) of embeddings (n, d) by a head's weights (values, d + 1)."""
    logits = embeddings @ weights[:, :-1].T + weights[:, -1]
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    sure = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float64)
    calibrated: Floats = at_temperature(sure, temperature).astype(np.float32)
    return calibrated


def save_looks(folder: Path, looks: Looks) -> None:
    """Writes the two files into the existing `folder`."""
    from safetensors.numpy import save

    named = zip(looks.described.heads, looks.weights, strict=True)
    tensors = {head.kind: np.ascontiguousarray(weights) for head, weights in named}
    if looks.shift is not None:
        tensors |= {"scale": looks.shift.scale, "offset": looks.shift.offset}
    (folder / WEIGHTS).write_bytes(save(tensors))
    write_json(folder / DESCRIPTION, looks.described.model_dump())


def load_looks(folder: Path, model_key: str, dimension: int) -> Looks:
    """What `save_looks` wrote for embeddings of this `dimension`; nothing for an index of before, or where it is of
    another model. Raises UserError when it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        described = Described.model_validate_json((folder / DESCRIPTION).read_bytes())
        if described.model_key != model_key:
            return Looks(Described(model_key=model_key))
        tensors = load((folder / WEIGHTS).read_bytes())
        shapes = [(head.kind, (len(head.values), dimension + 1)) for head in described.heads]
        weights = tuple(_checked(tensors[kind], shape) for kind, shape in shapes)
        shift = None
        if "scale" in tensors:
            shift = Shift(*(_checked(tensors[name], (dimension,)) for name in ("scale", "offset")))
    except FileNotFoundError:
        return Looks(Described(model_key=model_key))
    except (OSError, ValueError, KeyError, TypeError, ValidationError, SafetensorError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UserError(f"{folder / DESCRIPTION} is damaged ({said}).", "Run `cad2real index`.") from None
    return Looks(described, weights, shift)


def _checked(weights: Floats, shape: tuple[int, ...]) -> Floats:
    if weights.dtype != np.float32 or weights.shape != shape or not np.isfinite(weights).all():
        raise ValueError(f"weights {weights.dtype} {weights.shape}")
    return weights


def said_of(part: IndexedPart, heads: Sequence[Head]) -> dict[str, int]:
    """By kind, the number of the value that the metadata of `part` says, of each head that knows it."""
    words = {"material": part.material, "surface": part.surface, "color": family(part.color)}
    said = {}
    for head in heads:
        word = words[head.kind].strip().casefold()
        if word and word in head.values:
            said[head.kind] = head.values.index(word)
    return said
