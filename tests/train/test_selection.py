"""The checkpoint is chosen by a label-free score among those that still know the source."""

from train.selection import Candidate, pick


def candidates(*pairs: tuple[float, float]) -> list[Candidate]:
    return [
        Candidate(f"epoch {number}", {"source_accuracy": accuracy, "bnm": score})
        for number, (accuracy, score) in enumerate(pairs)
    ]


def test_the_highest_score_wins() -> None:
    assert pick(candidates((0.9, 0.1), (0.9, 0.3), (0.9, 0.2)), "bnm", 0.05) == 1


def test_a_collapsed_checkpoint_is_gated_out_however_confident() -> None:
    assert pick(candidates((0.9, 0.1), (0.2, 0.9)), "bnm", 0.05) == 0


def test_the_later_of_equals_and_never_a_nan() -> None:
    nan = float("nan")
    assert pick(candidates((0.9, 0.1), (0.9, 0.1)), "bnm", 0.05) == 1
    assert pick(candidates((0.9, nan), (0.9, 0.1), (nan, 0.8)), "bnm", 0.05) == 1
    assert pick(candidates((nan, nan)), "bnm", 0.05) == 0
