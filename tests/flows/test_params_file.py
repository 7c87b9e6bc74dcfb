"""--set changes params.yaml, keeps its comments, and refuses what would not load."""

from __future__ import annotations

from pathlib import Path

import pytest

from cad2real.errors import UserError
from cad2real.params import load_params
from flows.params_file import change_params

LAUGHS = "[&a0 [1]" + "".join(f", &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)) + "]"
"""A thousand milliard ones."""


def test_the_value_changes_and_comments_stay(project: Path) -> None:
    path = project / "params.yaml"
    change_params(path, ["train.epochs=3", "render.views=8", "photos.boxes=null"])
    text = path.read_text()
    assert "# what each value means" in text
    assert "# how long" in text
    params = load_params(path)
    assert (params.train.epochs, params.render.views, params.photos.boxes) == (3, 8, None)


@pytest.mark.parametrize("assignment", ["train.epochs=many", "train.epohcs=3", "nothing", "=3", "train..epochs=3"])
def test_what_would_not_load_is_refused_and_nothing_changes(project: Path, assignment: str) -> None:
    path = project / "params.yaml"
    before = path.read_text()
    with pytest.raises(UserError):
        change_params(path, ["render.views=8", assignment])
    assert path.read_text() == before
    assert [entry.name for entry in project.glob(".params*")] == []


def test_the_error_names_the_key_and_the_file(project: Path) -> None:
    with pytest.raises(UserError, match=r"params\.yaml(.|\n)*train\.epochs") as caught:
        change_params(project / "params.yaml", ["train.epochs=many"])
    assert ".tmp" not in str(caught.value)
    assert str(caught.value).endswith(". Nothing was changed.")


@pytest.mark.parametrize(
    "value",
    [
        "1" * 5000,
        "0x" + "f" * 5000,
        "1:" * 3000 + "1",
        "[" * 5000,
        "[" * 900 + "]" * 900,
        "&a [*a]",
        "&a {b: *a}",
        LAUGHS,
        "2020-01-01",
        "!!set {a}",
        "!!binary aGk=",
        "!!python/object/apply:os.system [id]",
        "{[1]: 2}",
        ".nan",
        "\x1b[2J",
        "[" + "1, " * 200_000 + "1]",
    ],
    ids=lambda value: value[:20],
)
def test_a_value_that_no_parameter_has_is_refused_at_once(project: Path, value: str) -> None:
    path = project / "params.yaml"
    before = path.read_text()
    with pytest.raises(UserError) as caught:
        change_params(path, [f"train.epochs={value}"])
    assert len(str(caught.value)) < 1000
    assert path.read_text() == before


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: &a [*a]", "a: " + "[" * 3000, "a: " + "1" * 5000, "\xff"])
def test_a_file_that_is_none_is_one_error(project: Path, text: str) -> None:
    path = project / "params.yaml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"params\.yaml"):
        change_params(path, ["train.epochs=3"])
    with pytest.raises(UserError, match=r"params\.yaml"):
        load_params(path)
