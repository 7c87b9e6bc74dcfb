"""The report: complete, self-contained, safe, and honest about what is missing."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_project import fake_project
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from flows.report.charts import confusion_matrix, line_chart
from flows.report.data import read_report_data
from flows.report.page import (
    MOST_CLASSES,
    _matrices,
    class_rows,
    interval,
    points,
    render_page,
    spread,
    write_report,
)

LABELS = ["hex_bolt", "hex_nut", "washer"]


class Page(HTMLParser):
    """Collects what a browser would load and checks that tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset", "data")]
        self.sources += [value or "" for name, value in attrs if name == "href" and not (value or "").startswith("#")]
        if tag not in ("meta", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(root: Path) -> Page:
    layout = Layout(root)
    page = Page(render_page(layout, read_report_data(layout)))
    assert page.open == []
    return page


def test_a_whole_report(tmp_path: Path) -> None:
    fake_project(tmp_path, LABELS)
    path = write_report(Layout(tmp_path))
    text = path.read_text()
    page = Page(text)
    assert page.open == []
    # it needs no other file and no network
    assert page.sources and all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "url(" not in text and "@import" not in text and "script" not in page.tags
    evaluation = json.loads((tmp_path / "data/reports/evaluation.json").read_text())
    for name in ("source_only", "adapted"):
        assert f"{evaluation[name]['accuracy'] * 100:.1f} %" in page.text
    for said in ("ghost.step is missing", "Blender stopped twice", "is damaged. Copy it again", "cotter", "epoch 8"):
        assert said in page.text
    for said in (
        "NDCG@10",
        "as the search answers",
        "0.934",
        "51.2 %",
        "99.0 %",
        "right when said",
        "73.3 %",
        "90.1 %",
    ):
        assert said in page.text
    assert page.tags.count("img") > 40 and page.tags.count("svg") == 6
    assert "tf_efficientnet_lite0" in page.text and "galvanized steel" in page.text
    assert write_report(Layout(tmp_path)).read_text() == text  # equal artifacts, equal bytes


@pytest.mark.parametrize("content", ["[1]", '{"answers": 3}', '{"answers": {"photos": "<script>"}}'])
def test_damaged_scores_of_search_are_a_line(tmp_path: Path, content: str) -> None:
    fake_project(tmp_path, LABELS)
    (tmp_path / "data/index/scores.json").write_text(content)
    with pytest.raises(UserError, match=r"scores\.json is damaged"):
        write_report(Layout(tmp_path))


@pytest.mark.parametrize("content", ["[1]", '{"heads": 3}', '{"heads": [{"kind": "color"}]}', '{"heads": [3]}'])
def test_damaged_looks_are_a_line(tmp_path: Path, content: str) -> None:
    fake_project(tmp_path, LABELS)
    (tmp_path / "data/index/looks.json").write_text(content)
    with pytest.raises(UserError, match=r"looks\.json is damaged"):
        write_report(Layout(tmp_path))


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    page = _page(tmp_path)
    for said in ("0 parts", "cad2real render", "cad2real evaluate", "cad2real index", "cad2real train adapt"):
        assert said in page.text
    assert "Every part and every photo was used." in page.text


def test_without_photos_or_labels(tmp_path: Path) -> None:
    fake_project(tmp_path, LABELS, photos=0)
    reason = "No photo has the label of a part."
    evaluation = {"classes": LABELS, "photos": 0, "seed": 0, "reason": reason}
    (tmp_path / "data/reports/evaluation.json").write_text(json.dumps(evaluation))
    model = tmp_path / "data/models/adapt/model.json"
    said = json.loads(model.read_text()) | {"adapted": False, "reason": "there are no photos to adapt to."}
    del said["candidates"], said["chosen"]
    model.write_text(json.dumps(said))
    (tmp_path / "data/index/examples.json").write_text("[]")
    page = _page(tmp_path)
    assert page.text.count(reason) >= 2 and "Not adapted: there are no photos" in page.text
    assert "it was not adapted to photos: there are no photos" in page.text and "adapted to 0" not in page.text
    assert "no photo carries this label" in page.text and "hex_nut" in page.text


def test_a_network_that_stayed_as_it_began_says_why_beside_what_was_tried(tmp_path: Path) -> None:
    fake_project(tmp_path, LABELS)
    model = tmp_path / "data/models/adapt/model.json"
    said = json.loads(model.read_text())
    said |= {"adapted": False, "reason": "no checkpoint looks better.", "chosen": said["candidates"][0]["name"]}
    model.write_text(json.dumps(said))
    page = _page(tmp_path)
    assert "Not adapted: no checkpoint looks better." in page.text and "was kept" not in page.text
    assert "Score that chose" in page.text and "The choice in hindsight" in page.text


def test_labels_that_train_are_said_and_nothing_claims_that_none_was_seen(tmp_path: Path) -> None:
    fake_project(tmp_path, ["bolt", "nut"])
    plain = write_report(Layout(tmp_path)).read_text(encoding="utf-8")
    assert "without ever seeing their labels" in plain and "whose labels train" not in plain
    path = tmp_path / "data/models/adapt/model.json"
    write_json(path, json.loads(path.read_text()) | {"labelled_photos": 7})
    page = write_report(Layout(tmp_path)).read_text(encoding="utf-8")
    assert "without the 7 whose labels train" in page and "7 labels of photos trained it too" in page
    assert "and 7 photos with labels, recognised in" in page and "The other labels were used only" in page
    assert "without ever seeing" not in page and "alone</h1>" not in page


def test_several_parts_to_a_label_and_unlabelled_examples(tmp_path: Path) -> None:
    fake_project(tmp_path, ["bolt", "nut"], parts_per_label=3)
    examples = tmp_path / "data/index/examples.json"
    said = [example | {"label": "", "right": None} for example in json.loads(examples.read_text())]
    examples.write_text(json.dumps(said))
    page = _page(tmp_path)
    assert "6 parts learned from CAD" in page.text and "3 parts: Bolt 0, Bolt 1, Bolt 2" in page.text
    assert "label unknown" in page.text and "not scored" in page.text


def test_names_from_data_cannot_become_markup(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>"
    fake_project(tmp_path, LABELS)
    for path in (*tmp_path.glob("data/**/*.json"), tmp_path / "data/squares/photos.csv"):
        text = path.read_text()
        path.write_text(re.sub(r"(?<![/\w])hex_nut(?=[\",])", bad, text))
    (tmp_path / "data/renders/renders.json").write_text(json.dumps({"parts": LABELS, "failed": []}))
    text = render_page(Layout(tmp_path), read_report_data(Layout(tmp_path)))
    assert "<script" not in text and "&lt;script&gt;" in text


def test_pictures_outside_their_folder_are_not_shown(tmp_path: Path) -> None:
    fake_project(tmp_path, LABELS)
    (tmp_path / "secret.jpg").write_bytes(next((tmp_path / "data/squares").glob("*.jpg")).read_bytes())
    manifest = tmp_path / "data/squares/photos.csv"
    before = _page(tmp_path).sources
    manifest.write_text(re.sub(r"^\d+_\d+\.jpg", "../../secret.jpg", manifest.read_text(), flags=re.MULTILINE))
    assert len(_page(tmp_path).sources) < len(before) - 10


def test_damaged_artifacts_name_their_file(tmp_path: Path) -> None:
    fake_project(tmp_path, LABELS)
    (tmp_path / "data/reports/evaluation.json").write_text("{")
    with pytest.raises(UserError, match=r"evaluation\.json is damaged"):
        read_report_data(Layout(tmp_path))
    (tmp_path / "data/reports/evaluation.json").write_text('{"adapted": {"accuracy": 1}}')
    with pytest.raises(UserError, match="not as expected"):
        read_report_data(Layout(tmp_path))


@pytest.mark.parametrize("count", [3, 100, 300])
def test_confusion_matrix_of_any_size(tmp_path: Path, count: int) -> None:
    classes = [f"part {number}" for number in range(count)]
    matrix = [[9 if row == column else int(column == row + 1) for column in range(count)] for row in range(count)]
    svg = str(confusion_matrix(matrix, classes))
    assert Page(svg).open == []
    assert svg.count('class="right"') == count and svg.count('class="wrong"') == count - 1
    assert "part 0 recognised as part 1: 1 of 10" in svg
    assert (">9</text>" in svg) == (count < 30)  # numbers where they can be read


def test_very_many_classes_show_the_most_confused(tmp_path: Path) -> None:
    fake_project(tmp_path, [f"p{number:03d}" for number in range(130)], photos=2)
    page = _page(tmp_path)
    assert "of 130 classes the 60 that are confused most" in page.text
    assert "106 more" in page.text


def test_the_most_confused_are_those_of_the_whole_matrix(tmp_path: Path) -> None:
    fake_project(tmp_path, [f"part {number:03}" for number in range(130)], photos=3)
    data = read_report_data(Layout(tmp_path))
    labels, matrices, cut = _matrices(data)
    assert data.after and data.after.confusion and cut and len(labels) == MOST_CLASSES // 2
    whole, rows = data.after.confusion, [data.classes.index(label) for label in labels]
    assert dict(matrices)["adapted"] == [[whole[row][column] for column in rows] for row in rows]
    wrong = [sum(whole[k]) + sum(row[k] for row in whole) - 2 * whole[k][k] for k in range(130)]
    assert min(wrong[k] for k in rows) >= max(wrong[k] for k in range(130) if k not in rows)


def test_curves() -> None:
    svg = str(line_chart([0.2, 0.9, 0.5], ["a", "b<", "c"], 1, percent=True))
    assert Page(svg).open == [] and svg.count('class="chosen"') == 1 and "b&lt;: 90.0%" in svg
    assert "nan" not in str(line_chart([0.5], ["only"], None, percent=False))
    assert "nan" not in str(line_chart([0.0, 0.0], ["a", "b"], 0, percent=False))


def test_figures() -> None:
    assert (points(0.5, 0.625), points(0.5, 0.4), points(None, 1.0)) == ("+12.5", "−10.0", "")
    low, high = interval(0.9, 100)  # Wilson, by hand
    assert (round(low, 3), round(high, 3)) == (0.826, 0.945)
    assert interval(1.0, 10)[1] == 1.0 and interval(0.0, 10)[0] == 0.0
    assert spread(list(range(9)), 3) == [0, 4, 8] and spread([1, 2], 5) == [1, 2] and spread([1, 2], 1) == [1]


def test_the_table_begins_with_the_weakest_class(tmp_path: Path) -> None:
    fake_project(tmp_path, [f"p{number}" for number in range(20)])
    rows = class_rows(read_report_data(Layout(tmp_path)))
    shares = [row.after for row in rows if row.after is not None]
    assert len(shares) == 20 and shares == sorted(shares)


def test_the_origin_of_the_photos_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "data/photos").mkdir(parents=True)
    (tmp_path / "data/photos/README.md").write_text("# Photos\n\nThese are *simulated\nphotos*.\n\nMore.\n")
    assert "These are *simulated photos*." in _page(tmp_path).text


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_project(tmp_path, LABELS)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cad2real.cli.app, ["report"])
    assert result.exit_code == 0 and "data/reports/report.html" in result.stdout
    assert Path("data/reports/report.html").stat().st_size < 2_000_000
