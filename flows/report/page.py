"""The report: one self-contained page that shows what the last run did and how well."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from cad2real.files import write_text
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.report.charts import confusion_matrix, line_chart
from flows.report.data import LabelCard, PartCard, ReportData, Scores, read_report_data
from flows.report.found import not_looked_through, read_found
from flows.report.left_out import WAYS, read_left_out
from flows.report.tables import figure_rows, gap_rows, selection_rows
from flows.report.thumbnails import Thumbnails
from flows.report.tsne_plot import plot_by_domain, plot_by_label

MOST_CARDS = 150  # labels that are shown with pictures
FIRST_CARDS, FIRST_ROWS, FIRST_FOUND = 24, 25, 24  # the rest is folded away
MOST_NAMES = 500  # of photos in which nothing was found
MOST_FAULTS = 200
MOST_CLASSES = 120  # a larger confusion matrix is cut down to the classes that are confused most
HERO_PAIRS = 6
FEW_LABELS = 20  # up to so many, pictures are large and there are more of them


@dataclass(frozen=True)
class ClassRow:
    """A line of the per-class table: shares in [0, 1], None where nothing could be measured."""

    label: str
    photos: int
    before: float | None
    after: float | None
    precision: float | None


def write_report(layout: Layout) -> Path:
    """Writes data/reports/report.html of the project. Raises UserError when an artifact is damaged."""
    path = layout.reports / "report.html"
    write_text(path, render_page(layout, read_report_data(layout)))
    return path


def render_page(layout: Layout, data: ReportData) -> str:
    """The page as HTML. The same artifacts give the same bytes."""
    few = len(data.cards) <= FEW_LABELS
    small, large = Thumbnails(144 if few else 104), Thumbnails(232)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "points": points, "spread": spread}
    classes, matrices, cut = _matrices(data)
    return environment.get_template("report.html.j2").render(
        f=data,
        cards=data.cards[:MOST_CARDS],
        first_cards=FIRST_CARDS,
        first_rows=FIRST_ROWS,
        per_card=4 if few else 3,
        shown_views=shown_views,
        hero=_hero(data),
        rows=class_rows(data),
        found=read_found(layout),
        not_looked_through=not_looked_through(layout),
        first_found=FIRST_FOUND,
        most_names=MOST_NAMES,
        matrices=[(name, confusion_matrix(matrix, classes)) for name, matrix in matrices],
        matrix_classes=len(classes),
        matrix_cut=cut,
        interval=interval,
        figures=figure_rows(data.evaluation),
        left_out=read_left_out(layout),
        left_out_ways=tuple(WAYS.values()),
        gaps=gap_rows(data.gap),
        maps=[drawn(data.gap["map"]) for drawn in (plot_by_domain, plot_by_label)] if "map" in data.gap else [],
        picks=selection_rows(data.selection),
        charts=_charts(data.model),
        faults=data.faults[:MOST_FAULTS],
        settings=_settings(layout, data),
        about_photos=_about_photos(layout),
        render=lambda view: small.inline(layout.renders, view) or small.inline(layout.added, view),
        square=lambda name: small.inline(layout.squares, name),
        large_render=lambda view: large.inline(layout.renders, view) or large.inline(layout.added, view),
        large_square=lambda name: large.inline(layout.squares, name),
    )


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def points(before: float | None, after: float | None) -> str:
    """The gain in percentage points, signed."""
    if before is None or after is None:
        return ""
    gain = round((after - before) * 100, 1)
    return f"{'+' if gain >= 0 else '−'}{abs(gain):.1f}"


def spread(items: Sequence[Any], count: int) -> list[Any]:
    """`count` of `items`, evenly from the first to the last."""
    if len(items) <= count:
        return list(items)
    return [items[round(step * (len(items) - 1) / (count - 1))] if count > 1 else items[0] for step in range(count)]


def shown_views(card: LabelCard, count: int) -> list[tuple[PartCard, str]]:
    """Views to show of a label: `count` of its only part, else one of each of up to 2 `count` parts."""
    if len(card.parts) == 1:
        return [(card.parts[0], view) for view in spread(card.parts[0].views, count)]
    return [(part, part.views[len(part.views) // 3]) for part in spread(card.parts, 2 * count) if part.views]


def interval(share: float, photos: int) -> tuple[float, float]:
    """Where the true accuracy lies with 95 % confidence (Wilson), when `share` of `photos` were right."""
    z = 1.96
    centre = (share + z * z / (2 * photos)) / (1 + z * z / photos)
    half = z / (1 + z * z / photos) * math.sqrt(share * (1 - share) / photos + z * z / (4 * photos * photos))
    return max(0.0, centre - half), min(1.0, centre + half)


def class_rows(data: ReportData) -> list[ClassRow]:
    """The per-class table, worst recognised first; classes without photos at the end."""

    def share(scores: Scores | None, label: str, key: str) -> float | None:
        row = scores.per_class.get(label) if scores else None
        return row[key] if row and (row["photos"] or key == "precision") else None

    rows = []
    for label in data.classes if data.after else ():
        known = data.after.per_class.get(label) if data.after else None
        rows.append(
            ClassRow(
                label,
                known["photos"] if known else 0,
                share(data.before, label, "accuracy"),
                share(data.after, label, "accuracy"),
                share(data.after, label, "precision"),
            )
        )
    return sorted(rows, key=lambda row: (row.after is None, row.after or 0.0, row.label))


def _hero(data: ReportData) -> list[tuple[LabelCard, str, str]]:
    """Labels with a render and a photo each, for the top of the page."""
    both = [card for card in data.cards if card.squares and any(part.views for part in card.parts)]
    pairs = []
    for card in spread(both, HERO_PAIRS):
        views = next(part.views for part in card.parts if part.views)
        pairs.append((card, views[len(views) // 3], card.squares[len(card.squares) // 2]))
    return pairs


def _matrices(data: ReportData) -> tuple[list[str], list[tuple[str, list[list[int]]]], bool]:
    """Classes and named confusion matrices, adapted first; only the most confused classes when there are very many."""
    models = [("adapted", data.after), ("renders only", data.before)]
    scored_models = [(name, scores) for name, scores in models if scores]
    if not scored_models or len(data.classes) <= MOST_CLASSES:
        return list(data.classes), [(name, scores.confusion or []) for name, scores in scored_models], False
    counts = [
        (name, Counter((guess["label"], guess["predicted"]) for guess in scores.predictions))
        for name, scores in scored_models
    ]
    wrong: Counter[str] = Counter()
    for (label, predicted), photos in counts[0][1].items():
        if label != predicted:
            wrong.update({label: photos})
            wrong.update({predicted: photos})
    every = range(len(data.classes))
    numbers = sorted(sorted(every, key=lambda number: -wrong[data.classes[number]])[: MOST_CLASSES // 2])
    shown = [data.classes[number] for number in numbers]
    return shown, [(name, [[seen[row, column] for column in shown] for row in shown]) for name, seen in counts], True


def _charts(model: dict[str, Any]) -> list[tuple[str, Markup]]:
    """How the checkpoint was chosen: the score that chose it, and the accuracy on held-out renders."""
    candidates = model.get("candidates") or []
    if not candidates:
        return []
    names = [str(candidate["name"]) for candidate in candidates]
    chosen = names.index(model["chosen"]) if model.get("chosen") in names else None
    titles = {str(model.get("chosen_by")): "Score that chose", "source_accuracy": "Accuracy on held-out renders"}
    charts = []
    for key, title in titles.items():
        if all(key in candidate["scores"] for candidate in candidates):
            values = [float(candidate["scores"][key]) for candidate in candidates]
            heading = title if key == "source_accuracy" else f"{title}: {key.replace('_', ' ')}"
            charts.append((heading, line_chart(values, names, chosen, percent=key == "source_accuracy")))
    return charts


def _settings(layout: Layout, data: ReportData) -> list[tuple[str, list[tuple[str, str]]]]:
    """Parameters and versions in groups, nested blocks flattened to dotted names."""
    params = load_params(layout.params).model_dump(mode="json")
    model = data.model
    summary = {
        key: model.get(key) for key in ("backbone", "image_size", "method", "seed", "source_images", "target_images")
    }
    groups = [("model", summary), ("versions", model.get("versions") or {}), *params.items()]
    return [(name, rows) for name, block in groups if (rows := list(_flat(block)))]


def _flat(block: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in block.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{before}{key}.")
        elif value is not None:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            rows.append((f"{before}{key}", text))
    return rows


def _about_photos(layout: Layout) -> str:
    """The first paragraph of the README beside the photos, where people say where they come from."""
    folder = layout.root / load_params(layout.params).photos.folder
    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    paragraphs = (part.strip() for part in text.split("\n\n"))
    return next((" ".join(part.split()) for part in paragraphs if part and not part.startswith("#")), "")
