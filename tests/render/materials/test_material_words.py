"""Raw words of part lists: each becomes its material, surface and colour, or is unknown; never another metal."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cad2real.errors import UserError
from render.materials.looks import look
from render.materials.material_words import read_vocabulary
from render.materials.vocabulary import read_material

TABLE = Path(__file__).with_name("material_words.csv")
with TABLE.open(encoding="utf-8") as file:
    WORDS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
METALS = {
    "steel",
    "stainless steel",
    "aluminium",
    "brass",
    "bronze",
    "copper",
    "titanium",
    "cast iron",
    "zinc die-cast",
}


def test_nearly_all_words_are_understood() -> None:
    guesses = [read_vocabulary(None).guess(row["word"]) for row in WORDS]
    right = [
        row["material"] == ("?" if guess.unknown else guess.material) for row, guess in zip(WORDS, guesses, strict=True)
    ]
    assert len(WORDS) > 350
    assert sum(right) >= 0.98 * len(WORDS)


def test_no_word_becomes_a_wrong_metal() -> None:
    wrong = []
    for row in WORDS:
        found = read_vocabulary(None).guess(row["word"]).material
        if found in METALS and found != row["material"]:
            wrong.append((row["word"], found))
    assert not wrong


@pytest.mark.parametrize("word", sorted({row["word"] for row in WORDS if row["surface"] or row["color"]}))
def test_surfaces_and_colours(word: str) -> None:
    guess = read_vocabulary(None).guess(word)
    row = next(row for row in WORDS if row["word"] == word)
    assert (guess.surface, guess.color or "natural") == (row["surface"] or "", row["color"] or "natural")


@pytest.mark.parametrize("row", WORDS, ids=lambda row: str(row["word"]))
def test_every_guess_has_a_look_without_a_note(row: dict[str, str]) -> None:
    words = look(read_vocabulary(None).guess(row["word"]))
    material, notes = read_material(*words)
    assert notes == () or not words[0]
    if row["material"] == "?":
        assert not material.metallic


def test_columns_of_their_own_count_more() -> None:
    words = read_vocabulary(None)
    guess = words.guess("Aluminium", "hart eloxiert", "schwarz")
    assert (guess.material, guess.surface, guess.color) == ("aluminium", "hardcoated", "black")
    guess = words.guess("S235JR", "pulverbeschichtet RAL 7016")
    assert look(guess) == ("powder coated", "", "ral 7016")


def test_a_vocabulary_beside_the_list_comes_first(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text("materials:\n  - {material: plastic, words: [unobtainium, S235JR]}\n")
    words = read_vocabulary(tmp_path)
    assert words.guess("Unobtainium").material == words.guess("S235JR").material == "plastic"
    assert words.guess("1.4301").material == "stainless steel"


@pytest.mark.parametrize(
    "text",
    [
        "- a list",
        "materials: 3",
        "materials: [{words: [x]}]",
        "a: &x [1]\nb: *x",
        "materials:\n  - {material: x, patterns: ['(']}",
        "a: [" * 2000,
    ],
)
def test_a_vocabulary_that_is_none_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "vocabulary.yaml").write_text(text)
    with pytest.raises(UserError, match=r"vocabulary\.yaml"):
        read_vocabulary(tmp_path)


def test_long_texts_take_no_time() -> None:
    assert read_vocabulary(None).guess("a" * 100_000).unknown
    assert read_vocabulary(None).guess("zinc " * 40).material != "aluminium"
