"""The index of renders: one embedding a render, and which part each shows. Files: index.safetensors, index.json."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cad2real.errors import UserError
from cad2real.files import write_json
from search.places import DescribedPlace, Place
from search.principal import Principal

EMBEDDINGS, DESCRIPTION = "index.safetensors", "index.json"
REMEDY = "Run `cad2real index`."
SAID = ("part_id", "label", "name")  # of each part, also where they are empty
LONGEST = 1.01
"""Embeddings are of length 1; of a picture that the network sees nothing in, of 0."""
Floats = npt.NDArray[np.float32]


STRICT = ConfigDict(strict=True, frozen=True)


class DescribedPart(BaseModel):
    model_config = STRICT
    part_id: str
    label: str
    name: str
    material: str = ""
    surface: str = ""
    color: str = ""
    size_mm: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default=[], max_length=3)
    least_similarity: Annotated[float, Field(ge=-1, le=1)] | None = None
    handicap: float = Field(default=0.0, ge=0, le=2)
    places: list[DescribedPlace] = []

    def as_part(self) -> IndexedPart:
        """The same as a part of an index."""
        said = self.model_dump(include=set(DescribedPart.model_fields) - {"size_mm", "places"})
        places = tuple(one.place for one in self.places)
        return IndexedPart(**said, size_mm=tuple(self.size_mm), places=places)


class DescribedRow(BaseModel):
    model_config = STRICT
    part_id: str
    view: str = Field(pattern=r"^[^/\\]+(/[^/\\]+)*$")

    @field_validator("view")
    @classmethod
    def _stays_inside(cls, view: str) -> str:
        if ".." in view.split("/"):
            raise ValueError("leads out of data/renders")
        return view


class Description(BaseModel):
    """index.json, which may be a stranger's: `model_stage` is the name of a folder in data/models, and no path."""

    model_config = STRICT
    model_stage: str = Field(pattern=r"^\w[\w-]*$")
    model_key: str
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    tie_margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    parts: list[DescribedPart] = Field(min_length=1)
    rows: list[DescribedRow]


@dataclass(frozen=True)
class IndexedPart:
    """A part of the catalogue. `material`, `surface`, `color` are the part list's words (empty: it says none);
    `size_mm` its sides along x, y, z in mm (empty: not known); `least_similarity` of its views to photos that show it
    (`search.usual`), None: not known; `handicap`: by how much it counts as less similar to photos (`search.handicaps`).
    `places` say where it stands in the part list.
    """

    part_id: str
    label: str
    name: str
    material: str = ""
    surface: str = ""
    color: str = ""
    size_mm: tuple[float, ...] = ()
    least_similarity: float | None = None
    handicap: float = 0.0
    places: tuple[Place, ...] = ()

    @property
    def longest_mm(self) -> float | None:
        """The longest side in mm, None where no size is known."""
        return max(self.size_mm, default=None)


@dataclass(frozen=True)
class PartsAlike:
    """Parts (p,) with as many views each, and the rows (p, c) of these: what can be ranked at once."""

    parts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]

    @cached_property
    def _are_one_run(self) -> bool:
        rows = self.rows.ravel()
        return bool(len(rows) and (np.diff(rows) == 1).all())

    def of(self, similarities: Floats) -> Floats:
        """Those (q, p, c) of similarities (q, n) that are of these parts; where they lie side by side, not copied."""
        if self._are_one_run:
            first = int(self.rows[0, 0])
            return similarities[:, first : first + self.rows.size].reshape(-1, *self.rows.shape)
        return similarities[:, self.rows]


@dataclass(frozen=True)
class Index:
    """`embeddings` (n, d), L2-normalised; row i shows `parts[part_rows[i]]` in the picture `views[i]` (relative to
    data/renders). `model_stage` and `model_key` name the model that made them. `principal` is a short form of the
    embeddings, of catalogues that are large. `temperature` is the model's (see `search.model.embedding.Embedder`);
    `tie_margin` the difference of distances from which two parts are told apart (`search.ties`), None: not known.
    `photos` (m, d): embeddings of some of the project's photos (`search.handicaps`), None: not known.
    """

    embeddings: Floats
    parts: tuple[IndexedPart, ...]
    part_rows: npt.NDArray[np.int64]
    views: tuple[str, ...]
    model_stage: str
    model_key: str
    principal: Principal | None = None
    temperature: float | None = None
    tie_margin: float | None = None
    photos: Floats | None = None

    def rows_of(self, part: int) -> npt.NDArray[np.int64]:
        """The rows of part number `part`."""
        return np.flatnonzero(self.part_rows == part)

    @cached_property
    def alike(self) -> list[PartsAlike]:
        """The parts with views, in groups of those that have as many of them."""
        order = np.argsort(self.part_rows, kind="stable")
        parts, starts, counts = np.unique(self.part_rows[order], return_index=True, return_counts=True)
        return [
            PartsAlike(parts[counts == count], order[starts[counts == count][:, None] + np.arange(count)])
            for count in np.unique(counts)
        ]

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each part, by its id."""
        return {part.part_id: number for number, part in enumerate(self.parts)}

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each view, by its name."""
        return {view: row for row, view in enumerate(self.views)}

    @cached_property
    def view_names(self) -> frozenset[str]:
        """All views, as `views` has them."""
        return frozenset(self.views)

    @cached_property
    def least_similarities(self) -> npt.NDArray[np.float64]:
        """The least similarity of each part, NaN where none is known; of those that were added later the middle one."""
        known = [math.nan if part.least_similarity is None else part.least_similarity for part in self.parts]
        least = np.array(known, dtype=np.float64)
        return np.where(np.isnan(least), np.nanmedian(least), least) if np.isfinite(least).any() else least

    @cached_property
    def handicaps(self) -> Floats:
        """The handicap of each part (parts,)."""
        return np.array([part.handicap for part in self.parts], dtype=np.float32)

    @property
    def labels(self) -> set[str]:
        return {part.label for part in self.parts}

    def with_rows(
        self, embeddings: Floats, numbers: npt.ArrayLike, views: Sequence[str], parts: Sequence[IndexedPart] = ()
    ) -> Index:
        """With further rows: embeddings (r, d) of `views` (r,) of the parts with these numbers (r,), which may be those
        of further `parts`. Without a short form.
        """
        return replace(
            self,
            embeddings=np.concatenate([self.embeddings, embeddings.astype(np.float32)]),
            parts=(*self.parts, *parts),
            part_rows=np.concatenate([self.part_rows, np.asarray(numbers, dtype=np.int64)]),
            views=(*self.views, *views),
            principal=None,
        )

    def without_rows(self, rows: npt.NDArray[np.int64]) -> Index:
        """Without these rows, with all parts, and without a short form."""
        kept = np.ones(len(self.views), dtype=bool)
        kept[rows] = False
        views = tuple(view for view, is_kept in zip(self.views, kept, strict=True) if is_kept)
        return replace(
            self, embeddings=self.embeddings[kept], part_rows=self.part_rows[kept], views=views, principal=None
        )

    def only(self, kept: npt.NDArray[np.bool_]) -> Index:
        """Without the parts that are not `kept` (parts,), and without a short form."""
        rows = kept[self.part_rows]
        return replace(
            self,
            embeddings=self.embeddings[rows],
            parts=tuple(part for part, is_kept in zip(self.parts, kept, strict=True) if is_kept),
            part_rows=(np.cumsum(kept) - 1)[self.part_rows[rows]],
            views=tuple(view for view, is_kept in zip(self.views, rows, strict=True) if is_kept),
            principal=None,
        )


def save_index(folder: Path, index: Index) -> None:
    """Writes the two files of `index` into the existing `folder`."""
    from safetensors.numpy import save

    tensors = {"embeddings": np.ascontiguousarray(index.embeddings)}
    if index.principal is not None:
        tensors |= {"axes": index.principal.axes, "reduced": np.ascontiguousarray(index.principal.reduced)}
    if index.photos is not None:
        tensors["photos"] = np.ascontiguousarray(index.photos)
    (folder / EMBEDDINGS).write_bytes(save(tensors))
    rows = [
        {"part_id": index.parts[part].part_id, "label": index.parts[part].label, "view": view}
        for part, view in zip(index.part_rows, index.views, strict=True)
    ]
    parts = [
        {name: value for name, value in asdict(part).items() if value not in ("", (), None, 0.0) or name in SAID}
        for part in index.parts
    ]
    head = {name: getattr(index, name) for name in ("model_stage", "model_key", "temperature", "tie_margin")}
    write_json(folder / DESCRIPTION, {**head, "parts": parts, "rows": rows})


def load_index(folder: Path) -> Index:
    """Reads what `save_index` wrote. Raises UserError when it is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        text = (folder / DESCRIPTION).read_bytes()
        tensors = load((folder / EMBEDDINGS).read_bytes())
        embeddings = tensors["embeddings"]
        description = Description.model_validate_json(text)
        parts = tuple(part.as_part() for part in description.parts)
        place = {part.part_id: number for number, part in enumerate(parts)}
        part_rows = np.array([place[row.part_id] for row in description.rows], dtype=np.int64)
        views = tuple(row.view for row in description.rows)
        if len(embeddings) != len(views):
            raise ValueError(f"{len(views)} rows, {len(embeddings)} embeddings")
        photos = tensors.get("photos")
        for some in (embeddings, photos):
            _refuse_foreign(some, embeddings)
        principal = Principal.of_tensors(tensors, embeddings.shape)
        made_by = (description.model_stage, description.model_key)
        measured = (description.temperature, description.tie_margin)
        return Index(embeddings, parts, part_rows, views, *made_by, principal, *measured, photos)
    except FileNotFoundError as error:
        raise UserError(f"There is no index ({error.filename} is missing).", REMEDY) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or DESCRIPTION
        raise UserError(f"{folder} holds a damaged index ({where}: {first['msg']}).", REMEDY) from None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(f"{folder} holds a damaged index ({error}).", REMEDY) from None


def _refuse_foreign(some: Floats | None, embeddings: Floats) -> None:
    """Raises ValueError unless `some` are embeddings as those of the index are, or None."""
    if some is None:
        return
    if some.ndim != 2 or some.dtype != np.float32 or some.shape[1:] != embeddings.shape[1:]:
        raise ValueError(f"embeddings {some.dtype} {some.shape}")
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(some, axis=1)
    if not (lengths < LONGEST).all():  # NaN is not either
        raise ValueError("embeddings that are not of length 1")


def check_model(index: Index, model_key: str) -> None:
    """Raises UserError unless `index` was made by the model whose key is `model_key`."""
    if index.model_key != model_key:
        raise UserError("The index was made with another model, so its distances would mean nothing.", REMEDY)
