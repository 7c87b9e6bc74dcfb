"""Makes the tables of results in README.md and docs/ from docs/results.csv, so that no figure is written twice.

    python tools/docs_tables.py            # fills the blocks between `<!-- results: NAME -->` and `<!-- end -->`
    python tools/docs_tables.py --check    # changes nothing; exits 1 where a page differs

A row of docs/results.csv is one figure: set, photos (how many were scored), seed (of views and training; several where
the figure is over several runs), commit and date (of the commit that first recorded it: the code that ran is that one
or an earlier one; empty where not known), row (source only, adapted, or a method), measure, figure, command, note.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CSV = Path("docs/results.csv")
PAGES = (
    Path("README.md"),
    Path("docs/results.md"),
    Path("docs/reference/uda_benchmark.md"),
    Path("docs/explanation/choosing-methods.md"),
    Path("docs/how-to/find.md"),
    Path("docs/how-to/segment.md"),
    Path("docs/how-to/labels.md"),
)
BLOCK = re.compile(r"(?P<start><!-- results: (?P<name>[\w-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)

SETS = {
    "bricks8": "bricks8: 800 real photos of 8 bricks",
    "fasteners3": "fasteners3: 739 boxes in 408 real photos",
    "sample": "the sample: 120 *simulated* photos",
    "recoloured bricks": "recoloured bricks: 800 photos",
}
"""Sets of photos of parts, and what they are called in tables."""
PARTIAL = {
    "bricks8, CAD of five": "bricks8: CAD of five bricks, photos of eight",
    "bricks8, photos of three": "bricks8: photos of three of eight",
    "bricks8, photos of two": "bricks8: photos of two of eight",
    "recoloured bricks, photos of three, noticed": "recoloured bricks: three of eight, noticed",
    "recoloured bricks, photos of three, unnoticed": "recoloured bricks: three of eight, not noticed",
    "fasteners3, bolts only": "fasteners3: only the 351 bolts",
    "fasteners3, nuts and washers only": "fasteners3: only nuts and washers",
}
ASKED_ALIKE = {
    "bricks8, three seeds": "bricks8",
    "recoloured bricks, three seeds": "recoloured bricks",
    "bricks8, heights of cameras": "bricks8, heights of cameras mended",
    "recoloured bricks, evening": "recoloured bricks, code of the evening",
    "bricks8, long runs": "bricks8, 28 November",
}
"""Runs of which both rows were asked alike, with and without outlines."""
DIGITS = {"MNIST to USPS": "MNIST → USPS", "MNIST to MNIST-M": "MNIST → MNIST-M"}
BEST = "information_maximisation + self_training + mic, 4,320 steps"
LONG = ("dann, 2,880 steps", BEST)


@dataclass(frozen=True)
class Figure:
    """One line of docs/results.csv."""

    set: str
    photos: str
    seed: str
    commit: str
    date: str
    row: str
    measure: str
    figure: str
    command: str
    note: str


def read(path: Path) -> list[Figure]:
    """All figures. Raises ValueError for a line that is not as the header says, or that says a thing twice."""
    with path.open(encoding="utf-8", newline="") as lines:
        figures = [Figure(**row) for row in csv.DictReader(lines, strict=True)]
    seen = [(item.set, item.seed, item.row, item.measure) for item in figures]
    if doubled := {key for key in seen if seen.count(key) > 1}:
        raise ValueError(f"{path} says twice: {sorted(doubled)}")
    return figures


class Results:
    """Figures by what they are."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self.figures = {(item.set, item.seed, item.row, item.measure): item for item in figures}

    def get(self, set_: str, row: str, measure: str, seed: str = "") -> str:
        """The figure, or an empty string where there is none."""
        found = self.figures.get((set_, seed, row, measure))
        return found.figure if found else ""

    def seeds(self, set_: str, measure: str) -> list[str]:
        """Seeds with a run of their own, sorted."""
        keys = self.figures
        return sorted({seed for s, seed, _, m in keys if (s, m) == (set_, measure) and seed and " " not in seed})

    def rows(self, set_: str) -> list[str]:
        """The rows of a set in the order of the file."""
        return list(dict.fromkeys(row for s, _, row, _ in self.figures if s == set_))


def photos_short(results: Results) -> list[str]:
    """README: a line a set, all seeds in a cell."""
    lines = ["| photos | seeds | source only | adapted |", "| --- | --- | --- | --- |"]
    for name, title in SETS.items():
        for measure in ("accuracy", "mean per class"):
            if seeds := results.seeds(name, measure):
                cells = [
                    ", ".join(results.get(name, row, measure, seed) for seed in seeds)
                    for row in ("source only", "adapted")
                ]
                title_ = title if measure == "accuracy" else "the same, mean per class"
                lines.append(f"| {title_} | {', '.join(seeds)} | {cells[0]} | {cells[1]} |")
    return lines


def photos_of_parts(results: Results) -> list[str]:
    """docs/results.md: a line a run, then the mean, beside the first try and the aim."""
    lines = ["| photos | seed | source only | adapted | first try | aim |", "| --- | --- | --- | --- | --- | --- |"]
    for name, title in SETS.items():
        for measure in ("mean per class", "accuracy"):
            seeds = results.seeds(name, measure)
            alone = "accuracy" if name != "fasteners3" else "mean per class"  # the measure that the aim is set in
            extra = [results.get(name, "adapted", key) if measure == alone else "" for key in ("first try", "aim")]
            title_ = f"{title}, {measure}" if name == "fasteners3" else title
            for seed in seeds:
                cells = [results.get(name, row, measure, seed) for row in ("source only", "adapted")]
                lines.append(_line([title_, seed, *cells, *extra]))
                title_, extra = "", ["", ""]
            over = f"mean {measure}" if measure == "accuracy" else f"mean over seeds of {measure}"
            means = [results.get(name, row, over, "0 1 2") for row in ("source only", "adapted")]
            if all(means):
                lines.append(_line(["", "mean", *means, "", ""]))
    return lines


def few_parts(results: Results) -> list[str]:
    """docs/results.md: CAD or photos of some of the parts only."""
    lines = ["| photos | seed | scored | measure | source only | adapted |", "| --- | --- | --- | --- | --- | --- |"]
    for name, title in PARTIAL.items():
        one = next(item for item in results.figures.values() if item.set == name)
        cells = [results.get(name, row, one.measure, one.seed) for row in ("source only", "adapted")]
        lines.append(_line([title, one.seed, one.photos, one.measure, *cells]))
    return lines


def asked_alike(results: Results) -> list[str]:
    """docs/results.md: both rows with and without outlines."""
    heads = ["photos", "seed", "source only", "without outlines", "adapted", "without outlines"]
    lines = [_line(heads), "| --- |" + " --- |" * 5]
    for name, title in ASKED_ALIKE.items():
        for seed in results.seeds(name, "accuracy"):
            asked = [(row, m) for row in ("source only", "adapted") for m in ("accuracy", "accuracy without outlines")]
            lines.append(_line([title, seed, *(results.get(name, row, measure, seed) for row, measure in asked)]))
            title = ""
    return lines


def digits(results: Results) -> list[str]:
    """docs/results.md: source only, DANN and the best combination."""
    lines = ["| | source only | DANN | the best combination | aim |", "| --- | --- | --- | --- | --- |"]
    for name, title in DIGITS.items():
        cells = [results.get(name, "source only", "mean accuracy", "0 1 2"), *(_spread(results, name, r) for r in LONG)]
        lines.append(_line([title, *cells, results.get(name, BEST, "aim")]))
    return lines


def digits_short(results: Results) -> list[str]:
    """docs/reference/uda_benchmark.md: every method for 120 steps."""
    return _digits_table(results, [row for row in results.rows("MNIST to USPS") if "steps" not in row])


def digits_long(results: Results) -> list[str]:
    """docs/reference/uda_benchmark.md: what went on for long."""
    return _digits_table(results, ["source only", *LONG])


def source_statistics(results: Results) -> list[str]:
    """docs/explanation/choosing-methods.md: methods that keep the source's statistics, by learning rate."""
    rates = {f"accuracy at {rate}": rate for rate in ("3e-3", "1e-3", "3e-4")}
    return _grid(results, "8 x 8 digits, source's statistics", "", "from a source-only network (.695)", rates)


def harder_set(results: Results) -> list[str]:
    """docs/explanation/choosing-methods.md: what methods do to a weak start."""
    measures = {
        "accuracy after 100 steps on renders": "after 100 steps on renders",
        "accuracy after the steps on both": "after 150 more on both",
    }
    return _grid(results, "recoloured bricks, trials", "0", "on the target", measures)


def one_change(results: Results) -> list[str]:
    """docs/explanation/choosing-methods.md: what else was tried on the harder set."""
    measures = {name: name for name in ("source only", "adapted")}
    return _grid(results, "recoloured bricks, one change", "0", "one change, seed 0, the same renders", measures)


def whole_photos(results: Results) -> list[str]:
    """docs/how-to/find.md: what the finder finds in whole photos."""
    set_ = "fasteners3, whole photos"
    columns = [("classical blobs", ""), ("two looks, renders alone", "0"), ("three looks, renders alone", "0")]
    columns += [("three looks, adapted", seed) for seed in ("0", "1")] + [("one command", "0")]
    heads = ["blobs", "two looks, 0", "three looks, 0", "adapted, 0", "adapted, 1", "one command, 0"]
    lines = [_line(["on", "measure", *heads]), "| --- | --- |" + " --- |" * len(heads)]
    for measure in dict.fromkeys(item.measure for item in results.figures.values() if item.set == set_):
        photos = next(i.photos for i in results.figures.values() if (i.set, i.measure) == (set_, measure))
        cells = [results.get(set_, row, measure, *([seed] if seed else [])) for row, seed in columns]
        lines.append(_line([f"{photos} photos", measure, *cells]))
    return lines


def segmentation(results: Results) -> list[str]:
    """docs/how-to/segment.md: masks of the sample's photos from renders alone and with each method."""
    measures = {name: name for name in ("mean IoU", "mean IoU of parts", "IoU on renders", "agreement")}
    return _grid(results, "sample, segmentation", "0", "seed 0", measures)


def segmentation_classes(results: Results) -> list[str]:
    """docs/how-to/segment.md: the IoU of each class, a column a row of the table before."""
    set_ = "sample, segmentation"
    rows = [row for row in results.rows(set_) if results.get(set_, row, "mean IoU", "0")]
    measures = dict.fromkeys(item.measure for item in results.figures.values() if item.set == set_)
    names = [measure.removeprefix("IoU of ") for measure in measures if measure.startswith("IoU of ")]
    lines = [_line(["IoU", *rows]), "| --- |" + " --- |" * len(rows)]
    return lines + [_line([name, *(results.get(set_, row, f"IoU of {name}", "0") for row in rows)]) for name in names]


def few_labels(results: Results) -> list[str]:
    """docs/how-to/labels.md: what a handful of labels brings to the head on frozen features."""
    return _by_seed(results, [f"{name}, few labels" for name in ("cavities6", "fasteners3")], "labels a class")


def suggested(results: Results) -> list[str]:
    """docs/how-to/labels.md: suggested labels beside random ones."""
    return _by_seed(results, ["cavities6, suggestions"], "labels")


def _by_seed(results: Results, sets: Sequence[str], head: str) -> list[str]:
    """A line a row, a column a set: mean per class of each seed."""
    lines = [_line([head, *(name.split(",")[0] for name in sets)]), "| --- |" + " --- |" * len(sets)]
    for row in dict.fromkeys(row for name in sets for row in results.rows(name)):
        cells = [[results.get(name, row, "mean per class", seed) for seed in "012"] for name in sets]
        lines.append(_line([row, *(", ".join(filter(None, some)) for some in cells)]))
    return lines


def _grid(results: Results, set_: str, seed: str, head: str, measures: dict[str, str]) -> list[str]:
    """A line a row of the set, a column a measure (by its title); rows that have none of them are left out."""
    lines = [_line([head, *measures.values()]), "| --- |" + " --- |" * len(measures)]
    for row in results.rows(set_):
        cells = [results.get(set_, row, measure, seed) for measure in measures]
        if any(cells):
            lines.append(_line([row, *cells]))
    return lines


def _digits_table(results: Results, rows: Sequence[str]) -> list[str]:
    lines = ["| methods | " + " | ".join(DIGITS.values()) + " |", "| --- | --- | --- |"]
    for row in rows:
        title = f"*{row}*" if row == "source only" else row
        lines.append(_line([title, *(_spread(results, name, row) for name in DIGITS)]))
    return lines


def _spread(results: Results, set_: str, row: str) -> str:
    """Mean (least to greatest) over the seeds."""
    mean, least, greatest = (
        results.get(set_, row, f"{word} accuracy", "0 1 2") for word in ("mean", "least", "greatest")
    )
    return f"{mean} ({least} to {greatest})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells).replace("|  |", "| |") + " |"


TABLES: dict[str, Callable[[Results], list[str]]] = {
    "photos-short": photos_short,
    "photos-of-parts": photos_of_parts,
    "few-parts": few_parts,
    "asked-alike": asked_alike,
    "digits": digits,
    "digits-short": digits_short,
    "digits-long": digits_long,
    "source-statistics": source_statistics,
    "harder-set": harder_set,
    "one-change": one_change,
    "whole-photos": whole_photos,
    "segmentation": segmentation,
    "segmentation-classes": segmentation_classes,
    "few-labels": few_labels,
    "suggested": suggested,
}


def filled(text: str, results: Results) -> str:
    """`text` with every block filled. Raises KeyError for a block of an unknown name."""

    def fill(match: re.Match[str]) -> str:
        return match["start"] + "\n".join(["", *TABLES[match["name"]](results), "", ""]) + match["end"]

    return BLOCK.sub(fill, text)


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes the tables of results from docs/results.csv.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a page differs")
    arguments = parser.parse_args()
    results = Results(read(ROOT / CSV))
    stale = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        new = filled(text, results)
        if new != text:
            stale.append(page)
            if not arguments.check:
                (ROOT / page).write_text(new, encoding="utf-8")
    for page in stale:
        print(f"{page} {'differs from' if arguments.check else 'brought in line with'} {CSV}")
    if stale and arguments.check:
        print("run: python tools/docs_tables.py", file=sys.stderr)
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
