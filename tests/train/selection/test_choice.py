"""The checkpoint is chosen by a label-free score among those that still know the source."""

from train.selection.choice import START, Candidate, best_within_gate, choose, deciding_score


def candidates(*pairs: tuple[float, float]) -> list[Candidate]:
    return [
        Candidate(f"epoch {number}", {"source_accuracy": accuracy, "bnm": score})
        for number, (accuracy, score) in enumerate(pairs)
    ]


def test_the_highest_score_wins() -> None:
    assert best_within_gate(candidates((0.9, 0.1), (0.9, 0.3), (0.9, 0.2)), "bnm", 0.05) == 1


def test_a_collapsed_checkpoint_is_gated_out_however_confident() -> None:
    assert best_within_gate(candidates((0.9, 0.1), (0.2, 0.9)), "bnm", 0.05) == 0


def test_the_later_of_equals_and_never_a_nan() -> None:
    nan = float("nan")
    assert best_within_gate(candidates((0.9, 0.1), (0.9, 0.1)), "bnm", 0.05) == 1
    assert best_within_gate(candidates((0.9, nan), (0.9, 0.1), (nan, 0.8)), "bnm", 0.05) == 1
    assert best_within_gate(candidates((nan, nan)), "bnm", 0.05) == 0


def judged(*scores: tuple[float, float, float]) -> list[Candidate]:
    """Source-only first; of each ClassAMI, information maximisation and held-out accuracy."""
    return [
        Candidate(
            f"epoch {number}" if number else START,
            {"class_ami": agreement, "information_maximisation": information, "source_accuracy": accuracy},
        )
        for number, (agreement, information, accuracy) in enumerate(scores)
    ]


def test_the_best_of_those_that_look_better_than_source_only_is_kept() -> None:
    found = judged((0.5, 1.0, 0.9), (0.6, 1.5, 0.9), (0.4, 2.0, 0.9), (0.7, 1.4, 0.9))
    assert choose(found, "information_maximisation", 0.05) == 1


def test_source_only_is_kept_where_every_adapted_network_looks_worse() -> None:
    blurred, unsure = (0.3, 1.9, 0.9), (0.6, 0.1, 0.9)
    assert choose(judged((0.5, 1.0, 0.9), blurred, unsure), "information_maximisation", 0.05) == 0
    nan = float("nan")
    assert choose(judged((0.5, 1.0, 0.9), (nan, nan, nan)), "information_maximisation", 0.05) == 0


def test_a_score_that_cannot_be_had_of_so_few_photos_is_no_evidence() -> None:
    nan = float("nan")
    assert choose(judged((nan, 1.0, 0.9), (nan, 1.5, 0.9)), "information_maximisation", 0.05) == 1


def test_where_the_score_has_no_value_information_decides() -> None:
    found = judged((0.5, 1.0, 0.9), (0.6, 1.9, 0.9), (0.7, 1.4, 0.9))
    for each in found:
        each.scores["dev"] = float("nan")
    assert (
        deciding_score(found, "dev") == "information_maximisation" and deciding_score(found, "class_ami") == "class_ami"
    )
    assert choose(found, "dev", 0.05) == 1


def test_held_out_renders_gate_among_those_that_look_better() -> None:
    found = judged((0.5, 1.0, 0.9), (0.6, 1.9, 0.3), (0.6, 1.5, 0.9))
    assert choose(found, "information_maximisation", 0.05) == 2
