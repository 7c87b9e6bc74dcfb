"""Heads for material, surface and colour, fitted on an index's renders and measured on parts that they have not seen.

What a part is made of could be read from which part it is: so each head is judged on the renders of parts that its
likes (fitted alike, without a fifth of the parts) have not seen. No photo is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cad2real.layout import Layout
from search.additions import view_path
from search.index import DescribedPart, Index, IndexedPart
from search.looks.heads import SAID_FROM, Described, Head, Hits, Looks, Shift, probabilities, said_of
from search.looks.unseen import attribute_scores
from search.looks.words import KINDS, Look, looks_of_part
from search.places import DescribedPlace
from search.ranking import Floats
from train.data.evenly import evenly
from train.measures.calibration import fit_temperature

FOLDS = 5
LEAST_PARTS, LEAST_VIEWS = 2, 10  # with a value, for it to be told: one part's alone would be that part
MOST_ROWS = 6000  # of renders: more make no head better, and take minutes
STRENGTH = 10.0  # inverse of regularisation, as scikit-learn has it, for vectors of length 1

Numbers = npt.NDArray[np.int64]


def fit_looks(index: Index, layout: Layout, unseen: Sequence[IndexedPart] = (), shift: Shift | None = None) -> Looks:
    """The heads of the `index` of a project; `unseen`: parts of its catalogue without renders; `shift` of photos."""
    drawn = _drawn(index, layout)
    rows = evenly(np.flatnonzero([look is not None for look in drawn]), MOST_ROWS)
    looks = [look for row in rows if (look := drawn[row]) is not None]
    parts, vectors = index.part_rows[rows], index.embeddings[rows]
    heads, weights, known = [], [], []
    for kind in KINDS:
        fitted = _fit_head(kind, [getattr(look, kind) for look in looks], parts, vectors)
        if fitted is not None:
            heads.append(fitted[0])
            weights.append(fitted[1])
            known += [(fitted[0], fitted[2])] if fitted[0].is_known else []
    described = Described(
        model_key=index.model_key,
        heads=heads,
        unseen=[_described(part) for part in unseen],
        hits=_hits(looks, known),
    )
    return Looks(described, tuple(weights), shift)


def _drawn(index: Index, layout: Layout) -> list[Look | None]:
    """For each row what it was drawn with, None where that is not known, and of photos that were added."""
    folders = {part.part_id: view_path(layout, f"{part.part_id}/part.json").parent for part in index.parts}
    of_part = {part_id: looks_of_part(folder) for part_id, folder in folders.items()}
    places = (view.rpartition("/") for view in index.views)
    return [of_part.get(folder, {}).get(file) for folder, _, file in places]


def _fit_head(kind: str, words: Sequence[str], parts: Numbers, vectors: Floats) -> tuple[Head, Floats, Floats] | None:
    """A head on vectors (n, d) that show parts (n,) of these words (n,), its weights, and the calibrated probabilities
    (n, values) of each row by a head that has not seen its part; None where there is nothing to tell apart.
    """
    counts: dict[str, set[int]] = {}
    for word, part in zip(words, parts, strict=True):
        counts.setdefault(word, set()).add(int(part))
    often = {
        value for value, there in counts.items() if len(there) >= LEAST_PARTS and words.count(value) >= LEAST_VIEWS
    }
    words = [word if word in often else "" for word in words]  # what is rare is something else, and not like the rest
    values = sorted(often | {""} if words.count("") >= LEAST_PARTS else often)
    if len(often - {""}) < 1 or len(values) < 2:
        return None
    labels = np.array([values.index(word) if word in values else -1 for word in words])
    told = np.flatnonzero(labels >= 0)
    shares = np.zeros((len(words), len(values)), np.float32)
    groups = np.searchsorted(np.unique(parts), parts) % FOLDS
    for fold in np.unique(groups):
        seen = told[groups[told] != fold]
        if len(np.unique(labels[seen])) < 2:
            continue
        weights = _fit(vectors[seen], labels[seen], len(values))
        shares[groups == fold] = probabilities(weights, vectors[groups == fold], 1)
    told = told[shares[told].any(axis=1)]
    if not len(told):
        return None
    temperature = fit_temperature(shares[told].astype(np.float64), labels[told]) or 1.0
    sure = np.maximum(shares, np.float32(1e-12)) ** np.float32(1 / temperature)
    sure /= sure.sum(axis=1, keepdims=True)
    head = _measured(kind, values, temperature, sure[told], labels[told], parts[told])
    own = np.flatnonzero(labels >= 0)
    return head, _fit(vectors[own], labels[own], len(values)), sure


def _measured(kind: str, values: list[str], temperature: float, sure: Floats, labels: Numbers, parts: Numbers) -> Head:
    """The head whose likes give calibrated probabilities (n, values) of rows with `labels` (n,)."""
    right, said = sure.argmax(axis=1) == labels, sure.max(axis=1) >= SAID_FROM
    return Head(
        kind=kind,
        values=values,
        temperature=temperature,
        accuracy=float(np.mean([right[labels == value].mean() for value in np.unique(labels)])),
        said=float(said.mean()),
        right_when_said=float(right[said].mean()) if said.any() else 0.0,
        views=len(labels),
        parts=len(np.unique(parts)),
    )


def _fit(vectors: Floats, labels: Numbers, values: int) -> Floats:
    """Weights (values, d + 1) of a logistic regression in which all values weigh alike; a value without a row is as
    unlikely as can be.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300).fit(vectors, labels)
    weights = np.zeros((values, vectors.shape[1] + 1), np.float32)
    weights[:, -1] = -30
    coefficients, biases = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # one row says both
        coefficients, biases = np.concatenate([-coefficients, coefficients]) / 2, np.concatenate([-biases, biases]) / 2
    weights[fitted.classes_] = np.concatenate([coefficients, biases[:, None]], axis=1)
    return weights


def _hits(looks: Sequence[Look], known: Sequence[tuple[Head, Floats]]) -> Hits | None:
    """How well views of `looks` (n,), by heads that have not seen their parts, are told by these words from all others
    that were drawn: as parts would be that have metadata alone. Every look weighs alike.
    """
    heads = [head for head, _ in known]
    parts = [IndexedPart(str(row), "", "", *look) for row, look in enumerate(looks)]
    said = [tuple(sorted(said_of(part, heads).items())) for part in parts]
    different = sorted(set(said) - {()})
    if len(different) < 2:
        return None
    first_with = [parts[said.index(one)] for one in different]
    rows = np.flatnonzero([bool(one) for one in said])
    scores = attribute_scores([(head, likely[rows]) for head, likely in known], first_with)
    own = np.array([different.index(said[row]) for row in rows])
    before = (scores > scores[np.arange(len(own)), own][:, None]).sum(axis=1)
    shares = [[(before[own == look] < top).mean() for look in np.unique(own)] for top in (1, 5)]
    first, in_5 = (float(np.mean(one)) for one in shares)
    return Hits(views=len(rows), looks=len(different), first=first, in_5=in_5, chance=1 / len(different))


def _described(part: IndexedPart) -> DescribedPart:
    said = {name: getattr(part, name) for name in ("part_id", "label", "name", "material", "surface", "color")}
    places = [DescribedPlace(position=one.position, within=list(one.within)) for one in part.places]
    return DescribedPart(**said, size_mm=list(part.size_mm), places=places)
