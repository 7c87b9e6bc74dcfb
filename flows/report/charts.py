"""Charts as inline SVG. Colours are the page's variables, so they follow its light or dark theme."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

MATRIX_PX = 640  # what a confusion matrix fills; many classes make it larger rather than unreadable
CELL_PX = (9.0, 72.0)
NUMBER_CELL_PX = 22  # smaller cells show their number only under the pointer
LONGEST_LABEL = 22


def confusion_matrix(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Markup:
    """Heat map of counts, rows true and columns predicted; the colour is the share of the row (class)."""
    count = len(classes)
    cell = min(max(MATRIX_PX / max(count, 1), CELL_PX[0]), CELL_PX[1])
    font = min(max(cell * 0.8, 7.5), 12.5)
    shown = [name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…" for name in classes]
    margin = max((len(name) for name in shown), default=0) * font * 0.62 + 26
    side = count * cell
    width, height = margin + side + 4, margin + side + 4
    parts = [
        f'<rect x="{margin:.1f}" y="{margin:.1f}" width="{side:.1f}" height="{side:.1f}" class="matrix-ground"/>',
        *_grid(count, cell, margin, side),
    ]
    for row, counts in enumerate(matrix):
        total = sum(counts)
        for column, number in enumerate(counts):
            if number:
                parts.append(_cell(classes, row, column, number, total, cell, margin))
    for number, name in enumerate(shown):
        middle = margin + (number + 0.5) * cell
        place = f'font-size="{font:.1f}" class="tick"'
        parts.append(
            f'<text x="{margin - 6:.1f}" y="{middle + font * 0.35:.1f}" text-anchor="end" {place}>{escape(name)}</text>'
            f'<text transform="translate({middle + font * 0.35:.1f} {margin - 6:.1f}) rotate(-90)" {place}>'
            f"{escape(name)}</text>"
        )
    parts.append(
        f'<text x="{margin + side / 2:.1f}" y="11" text-anchor="middle" font-size="11" class="axis">'
        "recognised as</text>"
        f'<text transform="translate(11 {margin + side / 2:.1f}) rotate(-90)" text-anchor="middle" font-size="11" '
        'class="axis">shown in the photo</text>'
    )
    head = f'<svg class="matrix" role="img" aria-label="confusion matrix of {count} classes" width="{width:.0f}" '
    view = f'viewBox="0 0 {width:.0f} {height:.0f}">'
    return Markup(head + view + "".join(parts) + "</svg>")  # noqa: S704 - every label went through escape


def _grid(count: int, cell: float, margin: float, side: float) -> list[str]:
    step = 1 if count <= 40 else 10
    lines = []
    for number in range(step, count, step):
        at = margin + number * cell
        lines.append(f'<path d="M{at:.1f} {margin:.1f}v{side:.1f}M{margin:.1f} {at:.1f}h{side:.1f}" class="grid"/>')
    return lines


def _cell(classes: Sequence[str], row: int, column: int, number: int, total: int, cell: float, margin: float) -> str:
    share = number / total
    kind = "right" if row == column else "wrong"
    x, y = margin + column * cell, margin + row * cell
    tooltip = f"{classes[row]} recognised as {classes[column]}: {number} of {total}"
    square = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}" class="{kind}" '
        f'fill-opacity="{0.12 + 0.88 * share:.2f}"><title>{escape(tooltip)}</title></rect>'
    )
    if cell < NUMBER_CELL_PX:
        return square
    tone = "on" if share > 0.5 else "off"
    font = min(cell * 0.42, 14)
    return square + (
        f'<text x="{x + cell / 2:.1f}" y="{y + cell / 2 + font * 0.36:.1f}" text-anchor="middle" '
        f'font-size="{font:.1f}" class="{tone}">{number}</text>'
    )


def line_chart(values: Sequence[float], names: Sequence[str], chosen: int | None, percent: bool) -> Markup:
    """One measured value over the checkpoints, the chosen one marked. Its axis spans the values."""
    width, height, left, bottom, top = 340.0, 150.0, 46.0, 24.0, 12.0
    low, high = min(values), max(values)
    spread = (high - low) or max(abs(high), 1e-6) * 0.1
    low, high = low - spread * 0.08, high + spread * 0.08

    def x(number: int) -> float:
        return left + (width - left - 14) * (number / max(len(values) - 1, 1))

    def y(value: float) -> float:
        return top + (height - top - bottom) * (high - value) / (high - low)

    def formatted(value: float) -> str:
        return f"{value:.1%}" if percent else f"{value:.3g}"

    parts = []
    for value in (min(values), (min(values) + max(values)) / 2, max(values)):
        parts.append(
            f'<path d="M{left:.0f} {y(value):.1f}H{width - 8:.0f}" class="grid"/><text x="{left - 6:.0f}" '
            f'y="{y(value) + 3.5:.1f}" text-anchor="end" font-size="10" class="tick">{formatted(value)}</text>'
        )
    points = " ".join(f"{x(number):.1f},{y(value):.1f}" for number, value in enumerate(values))
    parts.append(f'<polyline points="{points}" class="curve"/>')
    for number, value in enumerate(values):
        mark = ("chosen", 5.0) if number == chosen else ("point", 2.2)
        parts.append(
            f'<circle cx="{x(number):.1f}" cy="{y(value):.1f}" r="{mark[1]}" class="{mark[0]}">'
            f"<title>{escape(names[number])}: {formatted(value)}</title></circle>"
        )
    ends = [(0, "start"), (len(values) - 1, "end")] if len(values) > 1 else [(0, "start")]
    for number, anchor in ends:
        parts.append(
            f'<text x="{x(number):.1f}" y="{height - 6:.0f}" text-anchor="{anchor}" font-size="10" class="tick">'
            f"{escape(names[number])}</text>"
        )
    head = f'<svg class="chart" role="img" viewBox="0 0 {width:.0f} {height:.0f}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - every name went through escape
