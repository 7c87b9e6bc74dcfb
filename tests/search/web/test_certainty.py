"""How sure an answer is called: by the classifier, and by whether the views say the same."""

from __future__ import annotations

import pytest

from photos.crop import Box
from search.query import Answer
from search.ranking import Match
from search.ties import Tie
from search.web.answers import told
from tests.search.web.conftest import shop_index


def answer(confidence: float | None, first: float, second: float, tie: Tie | None = None) -> Answer:
    """A bolt before a nut, whose views are as similar as `first` and `second`."""
    bolt = Match(1, "hex_bolt", "hex_bolt", "Bolt", 0.3, "hex_bolt/view_000.png", confidence, first)
    other = None if confidence is None else 1 - confidence
    nut = Match(2, "hex_nut", "hex_nut", "Nut", 0.8, "hex_nut/view_000.png", other, second)
    return Answer([bolt, nut], Box(10, 20, 60, 70), 0.8, tie)


@pytest.mark.parametrize(
    ("confidence", "word", "less"),
    [(0.95, "sure", "likely"), (0.7, "likely", "unsure"), (0.3, "unsure", "unsure"), (None,) + ("not_trained",) * 2],
)
def test_the_views_have_to_agree(confidence: float | None, word: str, less: str) -> None:
    assert told(answer(confidence, 0.6, 0.2), shop_index(), 100, 100).cards[0].certainty == word
    assert told(answer(confidence, 0.2, 0.6), shop_index(), 100, 100).cards[0].certainty == less


def test_what_else_is_said() -> None:
    tie = Tie(("hex_bolt", "hex_nut"), ("hex_bolt/view_000.png", "hex_nut/view_000.png"))
    one = told(answer(0.3, 0.6, 0.2, tie), shop_index(), 200, 100)
    assert one.doubtful and one.score == 0.8
    assert [(side.said.name[:4], side.picture) for side in one.tied] == [
        ("Bolt", "/pictures/hex_bolt/view_000.png"),
        ("Nut ", "/pictures/hex_nut/view_000.png"),
    ]
    assert one.box == pytest.approx((0.05, 0.2, 0.25, 0.5))
    sure = told(answer(0.95, 0.6, 0.2), shop_index(), 200, 100)
    assert not sure.doubtful and not sure.tied and sure.cards[0].fit == pytest.approx(0.7)
    nothing = told(Answer([]), shop_index(), 200, 100)
    assert (nothing.cards, nothing.doubtful, nothing.tied, nothing.box) == ([], False, [], None)


def test_behind_an_added_part_whose_views_are_nearer_no_learned_one_is_sure() -> None:
    added = Match(1, "hex_bolt", "hex_bolt", "Bolt", 0.3, "hex_bolt/view_000.png", None, 0.6)
    learned = Match(2, "hex_nut", "hex_nut", "Nut", 0.6, "hex_nut/view_000.png", 0.97, 0.4)
    cards = told(Answer([added, learned]), shop_index(), 100, 100).cards
    assert [card.certainty for card in cards] == ["not_trained", "likely"]
