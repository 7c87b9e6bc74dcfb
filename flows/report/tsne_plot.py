"""The t-SNE map of both domains as inline SVG: every render a ring, every photo a dot, similar ones close together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from markupsafe import Markup, escape

SIDE, MARGIN = 480.0, 14.0
RING, DOT = 3.0, 3.4
MOST_NAMES = 16  # labels written on the map and distinguished by colour; more would be noise
LONGEST_NAME = 20
LETTER, LINE, HALF_LETTER = 10.5, 11.0, 3.4  # size of the names, the space between two, half of a letter's width
TURN = 137.5  # degrees of hue from one label to the next: neighbours in the list differ most

Point = Sequence[Any]  # x and y in [0, 1], label


def plot_by_domain(places: Mapping[str, Sequence[Point]]) -> Markup:
    """Renders as rings and photos as dots, coloured by domain."""
    rings = "".join(_circle(point, RING, "") for point in places["renders"])
    dots = "".join(_circle(point, DOT, "") for point in places["photos"])
    return _svg(f'<g class="map-render">{rings}</g><g class="map-photo">{dots}</g>', "renders and photos by domain")


def plot_by_label(places: Mapping[str, Sequence[Point]]) -> Markup:
    """The same places, coloured by label and with the labels' names where there are few. Photos without a label are
    grey.
    """
    labels = sorted({point[2] for points in places.values() for point in points if point[2]})
    hues = {label: f"hsl({number * TURN % 360:.0f} 62% 50%)" for number, label in enumerate(labels)}
    parts = [
        _circle(point, RING, f'fill="none" stroke="{hues[point[2]]}" stroke-opacity=".65"', f"{point[2]}, render")
        for point in places["renders"]
    ]
    for point in places["photos"]:
        hue = hues.get(point[2], "var(--muted)")
        parts.append(_circle(point, DOT, f'fill="{hue}"', f"{point[2] or 'label unknown'}, photo"))
    if len(labels) <= MOST_NAMES:
        parts += _names(labels, places)
    return _svg("".join(parts), "renders and photos by label")


def _place(value: float) -> float:
    return MARGIN + (SIDE - 2 * MARGIN) * float(value)


def _circle(point: Point, radius: float, colour: str, title: str = "") -> str:
    place = f'cx="{_place(point[0]):.1f}" cy="{_place(point[1]):.1f}" r="{radius}"'
    return f"<circle {place} {colour}><title>{escape(title)}</title></circle>" if title else f"<circle {place}/>"


def _names(labels: Sequence[str], places: Mapping[str, Sequence[Point]]) -> list[str]:
    """Each label's name in the middle of its photos, or of its renders where it has no photo; a name that would lie on
    another one moves down.
    """
    places_of_names = []
    for label in labels:
        own = [[point for point in places[kind] if point[2] == label] for kind in ("photos", "renders")]
        x, y = (_place(median(point[axis] for point in own[0] or own[1])) for axis in (0, 1))
        name = label if len(label) <= LONGEST_NAME else label[: LONGEST_NAME - 1] + "…"
        half = len(name) * HALF_LETTER + 2
        places_of_names.append((y - 7, min(max(x, half), SIDE - half), half, name))
    drawn: list[tuple[float, float, float]] = []
    texts = []
    for y, x, half, name in sorted(places_of_names):
        while any(abs(x - left) < half + width and abs(y - above) < LINE for above, left, width in drawn):
            y += 2
        drawn.append((y, x, half))
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{LETTER}"'
        texts.append(f'<text {place} class="map-name">{escape(name)}</text>')
    return texts


def _svg(inside: str, description: str) -> Markup:
    head = f'<svg class="chart" role="img" aria-label="{description}" viewBox="0 0 {SIDE:.0f} {SIDE:.0f}">'
    return Markup(f"{head}{inside}</svg>")  # noqa: S704 - every label went through escape
