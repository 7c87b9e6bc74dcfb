"""An evaluation of the search as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from search.evaluation.evaluate import Evaluation
from search.scores.parts import NoveltyScores

NAMES = {
    "frozen": "untrained backbone, mean of the 5 nearest renders",
    "source_only": "before adaptation",
    "views": "adapted, by the views alone",
    "adapted": "adapted: what the search answers",
    "added": "each part as if added without training",
    "distractors": "adapted, among foreign renders",
}
WAYS = {
    "by_renders": "unlike the part that is found first",
    "by_renders_look_alikes": "the same, of classes that look like another",
    "by_photos": "unlike the photos",
    "look_alikes": "unlike the photos, of classes that look like another",
    "by_distance": "far from all parts",
}


def score_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """A row of column names, then one for each way of answering."""
    rows: list[tuple[str, ...]] = [("", "photos", "first", "in 5", "in 10", "mAP", "NDCG@10")]
    for name, one in evaluation.rows.items():
        shares = (f"{share:.1%}" for share in (one.accuracy_1, one.accuracy_5, one.accuracy_10))
        rows.append((NAMES[name], str(one.photos), *shares, f"{one.mean_average_precision:.3f}", f"{one.ndcg_10:.3f}"))
    return rows


def novelty_lines(evaluation: Evaluation) -> Iterator[str]:
    """What is said of things that are not in the catalogue, a line each."""
    for name, one in evaluation.novelty.items():
        yield f"not in the catalogue, {WAYS[name]}: {_said(one)}"


def _said(one: NoveltyScores) -> str:
    said = f"AUROC {one.auroc:.3f}, of known photos {one.false_alarms_at_95:.1%} rejected where 95 % are detected"
    if one.known_rejected is None or one.new_detected is None:
        return said
    return f"{said}; at the threshold {one.known_rejected:.1%} rejected, {one.new_detected:.1%} detected"


def looks_lines(evaluation: Evaluation) -> Iterator[str]:
    """What is known of materials, surfaces and colours, a line each."""
    for head, photos, right in evaluation.looks.heads:
        says = f"says something of {head.said:.0%} of them, right {head.right_when_said:.0%}"
        says = says if head.is_known else "so nothing is said"
        of_photos = f"; right of {right:.1%} of {photos} photos" if photos else ""
        yield (
            f"{head.kind} of parts that it has not seen, {len(head.values)} values: {head.accuracy:.1%} "
            f"of {head.views} renders (chance {head.chance:.1%}), {says}{of_photos}"
        )
    hits = evaluation.looks.unseen
    if hits is not None:
        yield (
            f"parts without renders, by their metadata: {hits.first:.1%} first, {hits.in_5:.1%} in 5 of {hits.looks} "
            f"(chance {hits.chance:.1%} first), {hits.views} views"
        )
