"""An evaluation of the search as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cad2real.quoting import quoted
from search.evaluation.evaluate import Evaluation
from search.evaluation.left_out import mean_by_way
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
    "by_renders": "unlike the first part",
    "by_photos": "unlike the photos",
    "by_distance": "far from all parts",
}
SHOWN_LOOK_ALIKES = 5


def score_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """A row of column names, then one for each way of answering."""
    rows: list[tuple[str, ...]] = [("", "photos", "first", "in 5", "in 10", "mAP", "NDCG@10")]
    for name, one in evaluation.rows.items():
        shares = (f"{share:.1%}" for share in (one.accuracy_1, one.accuracy_5, one.accuracy_10))
        rows.append((NAMES[name], str(one.photos), *shares, f"{one.mean_average_precision:.3f}", f"{one.ndcg_10:.3f}"))
    return rows


def novelty_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """A row of column names, then what is said of things that are not in the catalogue, a row for each way of noticing
    them and each question; nothing where no class could be left out.
    """
    found = evaluation.left_out
    most, least = found.most_alike, found.least_alike
    questions = (
        ("each class", found.scores),
        (f"the {len(most)} most like another, told from it alone", mean_by_way(most)),
        (f"the other {len(least)}, told so too", mean_by_way(least)),
    )
    rows = [(f"{what}: {WAYS[way]}", *_said(one)) for what, scores in questions for way, one in scores.items()]
    header = ("not in the catalogue", "known", "new", "AUROC", "rejected at 95 %", "rejected", "noticed", "accuracy")
    return [header, *rows] if rows else []


def _said(one: NoveltyScores) -> tuple[str, ...]:
    at_the_threshold = (one.known_rejected, one.new_detected, one.accuracy)
    shares = ("" if share is None else f"{share:.1%}" for share in at_the_threshold)
    return str(one.known), str(one.new), f"{one.auroc:.3f}", f"{one.false_alarms_at_95:.1%}", *shares


def look_alike_lines(evaluation: Evaluation) -> Iterator[str]:
    """Which classes look most like which, and how well photos tell them apart if the one is not in the catalogue."""
    for one in evaluation.left_out.most_alike[:SHOWN_LOOK_ALIKES]:
        said = ", ".join(f"{WAYS[way]} {scores.auroc:.3f}" for way, scores in one.scores.items())
        yield f"{quoted(one.label)} looks most like {quoted(one.look_alike)} ({one.similarity:.2f}), AUROC {said}"


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
