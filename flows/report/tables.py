"""Tables of the report: all figures of both models, the gap between the domains, what each score would have picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BEFORE, AFTER = "source_only", "adapted"
MINUS = "−"
NOTHING = "–"

# Shares in [0, 1]: key, title, what it is, and whether more is better.
FIGURES = (
    ("accuracy", "Accuracy", "share of photos recognised", True),
    ("mean_per_class", "Mean accuracy per class", "every class counts the same", True),
    ("accuracy_without_sizes", "Accuracy without sizes", "of the network alone, whatever the camera", True),
    ("mean_per_class_without_sizes", "Mean per class without sizes", "", True),
    ("macro_f1", "Macro-F1", "mean of F1 over the classes", True),
    ("top5_accuracy", "Right label among the first five", "", True),
    ("ece", "Calibration error", "how far confidence and accuracy lie apart", False),
    ("ece_scaled", "Calibration error, temperature scaled", "the temperature fitted on held-out renders only", False),
    (
        "known_accepted",
        "Photos of parts not rejected",
        "unknown is what the model is less sure of than of renders",
        True,
    ),
    ("unknown_rejected", "Photos of other things rejected", "of labelled photos whose class has no CAD", True),
    ("auroc", "Parts told from other things", "chance that a photo of a part gets more confidence", True),
)
GAPS = {
    "mmd": ("MMD²", "maximum mean discrepancy, kernel of median width"),
    "kid": ("KID", "kernel distance, polynomial of degree three"),
    "frechet": ("Fréchet", "distance of the two Gaussians"),
    "coral": ("CORAL", "difference of the covariances"),
    "sliced_wasserstein": ("Sliced Wasserstein", "mean distance along random directions"),
    "proxy_a_distance": ("Proxy A-distance", "0: a classifier cannot tell them apart, 2: always"),
}


@dataclass(frozen=True)
class ComparisonRow:
    """A row of a table of before and after, as text; `change` is signed, `better` None where neither is."""

    title: str
    note: str
    before: str
    after: str
    change: str
    better: bool | None


@dataclass(frozen=True)
class SelectionRow:
    """What one score would have picked: `used` if it made the real choice. Figures as text."""

    score: str
    used: bool
    pick: str
    mean_per_class: str
    regret: str
    spearman: str


def figure_rows(evaluation: Mapping[str, Any]) -> list[ComparisonRow]:
    """All figures of evaluation.json that there are, renders only beside adapted."""
    flat = {name: _flat(evaluation.get(name) or {}) for name in (BEFORE, AFTER)}
    rows = []
    for key, title, note, more_is_better in FIGURES:
        before, after = flat[BEFORE].get(key), flat[AFTER].get(key)
        if before is None and after is None:
            continue
        if key == "top5_accuracy" and len(evaluation.get("classes", [])) <= 5:  # right whatever the model answers
            continue
        if key == "ece_scaled":
            note = f"{note} ({_temperature(flat[BEFORE])} and {_temperature(flat[AFTER])})"
        difference = None if before is None or after is None else round(100 * (after - before), 1)
        change = _Change(difference, "{:.1f}", more_is_better)
        rows.append(_comparison(title, note, (before, after), _percent, change))
    return rows


def gap_rows(gap: Mapping[str, Any]) -> list[ComparisonRow]:
    """The distances of gap.json before and after adaptation; the change is relative, in percent."""
    rows = []
    for key, (title, note) in GAPS.items():
        before, after = (gap.get(name, {}).get(key) for name in (BEFORE, AFTER))
        if before is None and after is None:
            continue
        relative = round(100 * (after - before) / before) if after is not None and before and before > 0 else None
        change = _Change(relative, "{:.0f} %", more_is_better=False)
        rows.append(_comparison(title, note, (before, after), "{:.3g}".format, change))
    return rows


def selection_rows(selection: Mapping[str, Any]) -> list[SelectionRow]:
    """Scores with their picks, the smallest regret first."""
    rows = sorted(selection.get("scores", []), key=lambda row: (row["regret"], row["score"]))
    return [
        SelectionRow(
            row["score"].replace("_", " "),
            row["score"] == selection.get("chosen_by"),
            row["pick"],
            _percent(row["mean_per_class"]),
            f"{100 * row['regret']:.1f}",
            NOTHING if row["spearman"] is None else f"{row['spearman']:+.2f}".replace("-", MINUS),
        )
        for row in rows
    ]


def _flat(figures: Mapping[str, Any]) -> dict[str, float | None]:
    alone = {f"{key}_without_sizes": value for key, value in figures.get("without_sizes", {}).items()}
    merged = {**figures, **alone, **figures.get("calibration", {}), **figures.get("open_set", {})}
    return {key: value for key, value in merged.items() if _is_number(value)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


@dataclass(frozen=True)
class _Change:
    """From before to after: None where one of them is missing; `template` formats its size."""

    value: float | None
    template: str
    more_is_better: bool

    @property
    def text(self) -> str:
        if self.value is None:
            return ""
        sign = "+" if self.value > 0 else MINUS if self.value < 0 else "±"
        return sign + self.template.format(abs(self.value))

    @property
    def is_better(self) -> bool | None:
        return (self.value > 0) == self.more_is_better if self.value else None


def _comparison(
    title: str, note: str, values: Sequence[float | None], formatted: Callable[[float], str], change: _Change
) -> ComparisonRow:
    before, after = (NOTHING if value is None else formatted(value).replace("-", MINUS) for value in values)
    return ComparisonRow(title, note, before, after, change.text, change.is_better)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _temperature(figures: Mapping[str, float | None]) -> str:
    value = figures.get("temperature")
    return NOTHING if value is None else f"{value:.2f}"
