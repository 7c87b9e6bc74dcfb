"""The report shows how look-alikes are told where `cad2real search evaluate` has said it of this index and photos."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_project import fake_project

from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.report import left_out as shown
from flows.report.left_out import read_left_out
from flows.report.page import write_report
from search.evaluation import evaluate, left_out

LABELS = ["bolt", "<b>nut", "washer"]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    fake_project(tmp_path, LABELS)
    return Layout(tmp_path)


def test_look_alikes_stand_apart(layout: Layout) -> None:
    found = read_left_out(layout)
    assert found is not None and [one.auroc for one in found.rows] == [0.681, 0.471, 0.776, 0.471, 0.776]
    assert found.rows[2].accuracy is None and found.look_alikes[0].aurocs == (0.471, 0.776, None)
    page = write_report(layout).read_text()
    for said in ("Not in the catalogue", "0.681", "91.3 %", "50.8 %", "&lt;b&gt;nut", "0.67"):
        assert said in page
    assert "<b>nut" not in page


@pytest.mark.parametrize("of", ["index/index.json", "squares/photos.csv"])
def test_figures_of_something_else_are_not_shown(layout: Layout, of: str) -> None:
    with (layout.data / of).open("a") as file:
        file.write("\n")
    assert read_left_out(layout) is None
    assert "Not in the catalogue" not in write_report(layout).read_text()


def test_nothing_is_shown_before_it_is_asked(layout: Layout) -> None:
    (layout.index / "index.json").unlink()
    assert read_left_out(layout) is None
    (layout.reports / "search.json").unlink()
    assert read_left_out(layout) is None


@pytest.mark.parametrize("content", ["[1]", "{", '{"of": 3', "{}"])
def test_damaged_figures_are_a_line(layout: Layout, content: str) -> None:
    (layout.reports / "search.json").write_text(content)
    with pytest.raises(UserError, match=r"search\.json is damaged.*search evaluate"):
        write_report(layout)


def test_both_rooms_mean_the_same_file_and_ways() -> None:
    assert shown.FILE == evaluate.EVALUATION_FILE and tuple(shown.WAYS) == left_out.WAYS
