"""The report's tables and its map: what is better is said to be better, and what is missing is left out."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from fake_project import fake_project

from cad2real.layout import Layout
from flows.report.data import read_report_data
from flows.report.page import render_page
from flows.report.tables import figure_rows, gap_rows, selection_rows
from flows.report.tsne_plot import MOST_NAMES, plot_by_domain, plot_by_label

CALIBRATION = {"temperature": 1.25, "ece": 0.2, "ece_scaled": 0.05}


def test_figures_before_and_after() -> None:
    before = {"accuracy": 0.8, "mean_per_class": 0.7, "calibration": CALIBRATION | {"ece": 0.1}}
    after = {"accuracy": 0.9, "mean_per_class": 0.7, "top5_accuracy": 1.0, "calibration": CALIBRATION}
    before["without_sizes"], after["without_sizes"] = ({"accuracy": share} for share in (0.5, 0.6))
    evaluation = {"classes": list("abcdef"), "source_only": before, "adapted": after}
    rows = {row.title: row for row in figure_rows(evaluation)}
    said = rows["Accuracy"]
    assert (said.before, said.after, said.change, said.better) == ("80.0 %", "90.0 %", "+10.0", True)
    assert rows["Mean accuracy per class"].change == "±0.0" and rows["Mean accuracy per class"].better is None
    assert rows["Calibration error"].change == "+10.0" and rows["Calibration error"].better is False
    assert (rows["Accuracy without sizes"].before, rows["Accuracy without sizes"].after) == ("50.0 %", "60.0 %")
    assert "1.25 and 1.25" in rows["Calibration error, temperature scaled"].note
    first_five = rows["Right label among the first five"]
    assert (first_five.before, first_five.after, first_five.change) == ("–", "100.0 %", "")
    assert "Macro-F1" not in rows  # nothing to show
    few = figure_rows({**evaluation, "classes": list("abc")})
    assert "Right label among the first five" not in {row.title for row in few}  # says nothing
    assert figure_rows({"classes": [], "reason": "none"}) == []
    after["open_set"] = {"threshold": 0.4, "known_accepted": 0.9, "unknown_rejected": None, "auroc": None}
    rows = {row.title: row for row in figure_rows(evaluation)}
    assert rows["Photos of parts not rejected"].after == "90.0 %" and "Photos of other things rejected" not in rows


def test_gaps_before_and_after() -> None:
    gap = {
        "source_only": {"mmd": 0.2, "kid": 0.0, "coral": None, "frechet": 2.0},
        "adapted": {"mmd": 0.1, "kid": -1e-5, "coral": None, "frechet": 3.0},
    }
    rows = {row.title: row for row in gap_rows(gap)}
    assert (rows["MMD²"].change, rows["MMD²"].better) == ("−50 %", True)
    assert (rows["Fréchet"].change, rows["Fréchet"].better) == ("+50 %", False)
    assert rows["KID"].change == "" and rows["KID"].after.startswith("−")  # unbiased: may be below zero
    assert "CORAL" not in rows and gap_rows({"reason": "no photos"}) == []


def test_the_choice_in_hindsight(tmp_path: Path) -> None:
    fake_project(tmp_path, ["bolt", "nut", "washer"])
    data = read_report_data(Layout(tmp_path))
    rows = selection_rows(data.selection)
    assert [row.score for row in rows] == ["information maximisation", "mano", "snd"]  # the least regret first
    assert [row.used for row in rows] == [True, False, False]
    assert [row.spearman for row in rows] == ["+0.95", "–", "−0.70"]
    text = render_page(Layout(tmp_path), data)
    assert "never used" in text and "made the choice" in text and "30.0" in text


def test_without_the_candidates_there_is_no_hindsight(tmp_path: Path) -> None:
    fake_project(tmp_path, ["bolt", "nut", "washer"])
    path = tmp_path / "data/reports/evaluation.json"
    said = json.loads(path.read_text())
    del said["selection"]
    path.write_text(json.dumps(said))
    (tmp_path / "data/reports/gap.json").write_text(json.dumps({"reason": "It takes at least two photos."}))
    text = render_page(Layout(tmp_path), read_report_data(Layout(tmp_path)))
    assert "in hindsight" not in text and "It takes at least two photos." in text


@pytest.mark.parametrize("labels", [3, MOST_NAMES + 1])
def test_maps(labels: int) -> None:
    points = [[0.1 * (number % 10), 0.5, f"<part {number}>"] for number in range(labels)]
    places = {"renders": points, "photos": [*points, [1.0, 1.0, ""]]}
    by_domain, by_label = str(plot_by_domain(places)), str(plot_by_label(places))
    for svg in (by_domain, by_label):
        assert svg.count("<circle") == 2 * labels + 1 and "<part" not in svg and "nan" not in svg
    assert by_label.count("map-name") == (labels if labels <= MOST_NAMES else 0)
    assert "label unknown, photo" in by_label and "&lt;part 0&gt;, render" in by_label


def test_names_do_not_lie_on_each_other() -> None:
    points = [[0.5, 0.5, f"part {number}"] for number in range(6)]
    svg = str(plot_by_label({"renders": points, "photos": []}))
    heights = [float(text.split('y="')[1].split('"')[0]) for text in svg.split("<text")[1:]]
    gaps = [below - above for above, below in pairwise(heights)]
    assert len(heights) == 6 and min(gaps) >= 11
