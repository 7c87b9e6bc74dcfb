"""--set changes params.yaml, keeps its comments, and refuses what would not load."""

from __future__ import annotations

from pathlib import Path

import pytest

from cad2real.errors import UserError
from cad2real.params import load_params
from flows.params_file import change_params


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
