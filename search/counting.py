"""How many parts of which label a photo shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import Image

from cad2real.errors import Skipped, UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.looking import project_looking
from photos.opening import open_photo
from search.finding import Mark, marked
from search.prediction import Labels, Prediction, Predictor, model_in_use
from search.renders import read_renders


@dataclass(frozen=True)
class OnlyLabel:
    """Names the parts of a project whose parts all have one label: what is found can be nothing else."""

    label: str
    knows_scale: bool = False
    unknown_below: None = None

    def predict(
        self, images: Sequence[Image.Image], top: int = 5, sides: Sequence[float] | None = None, outlines: bool = True
    ) -> list[Labels]:
        return [[(self.label, 1.0)] for _ in images]


def counting_predictor(root: Path, model: Path | None = None) -> Predictor:
    """What names the parts in photos of the project `root`: the model in the folder `model`, or the one in use; where
    all of the project's parts have one label and no model was trained, that label. Raises UserError when there is none.
    """
    layout = Layout(root)
    try:
        return Predictor.open(root, model)
    except UserError:
        if model is not None or (model_in_use(layout) / "model.json").exists():
            raise
        try:
            labels = {part.label for part in read_renders(layout.renders).parts}
        except UserError:
            labels = set()
        if len(labels) != 1:
            raise
    params = load_params(layout.params).photos
    return Predictor(OnlyLabel(labels.pop()), params, project_looking(layout, params))


@dataclass(frozen=True)
class CountedParts:
    """What a photo shows: its parts, each with its labels and box, best found first; none where nothing was found."""

    photo: Path
    parts: tuple[Prediction, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many parts have which label, the most frequent first; parts that the model does not know as unknown."""
        named = Counter("unknown" if part.unknown else part.labels[0][0] for part in self.parts)
        return dict(sorted(named.items(), key=lambda pair: (-pair[1], pair[0])))

    def as_dict(self) -> dict[str, Any]:
        parts = [{name: value for name, value in part.as_dict().items() if name != "photo"} for part in self.parts]
        return {"photo": str(self.photo), "counts": self.counts, "parts": parts}


def count_parts(
    predictor: Predictor, photos: Iterable[Path], draw: Path | None = None
) -> Iterator[CountedParts | Skipped]:
    """For each photo, in order, its parts, or why it cannot be used. `draw`: a folder for pictures with the boxes and
    labels drawn, numbered in the order of the photos. Raises UserError when the project has no finder in use.
    """
    if predictor.looking is None:
        raise UserError(
            "Parts are counted by what is found in a photo, and this project has no finder in use.",
            "Run `cad2real train find`, with photos.crop: auto in params.yaml; found uses one that was set aside.",
        )
    answers = predictor.predict(dict.fromkeys(photos))  # of one named twice the parts would run together
    for number, (_, group) in enumerate(groupby(answers, key=_thing)):
        some = list(group)
        if isinstance(some[0], Skipped):
            yield some[0]
            continue
        parts = tuple(one for one in some if isinstance(one, Prediction) and one.box)
        counted = CountedParts(some[0].photo, parts)
        if draw is not None:
            _draw(counted, draw / f"{number:05d}_{counted.photo.stem}.jpg")
        yield counted


def _thing(answer: Prediction | Skipped) -> str:
    return answer.thing if isinstance(answer, Skipped) else str(answer.photo)


def _draw(counted: CountedParts, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_photo(counted.photo) as photo:
        picture = photo.read()
    marks = [Mark(part.box, part.labels[0][0]) for part in counted.parts if part.box]
    marked(picture, marks).save(path, quality=90)
