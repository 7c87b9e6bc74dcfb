"""What was found is written as boxes; corrected ones win over what is found."""

import csv
from pathlib import Path

import pytest
from red_finder import red_finder, red_photos
from typer.testing import CliRunner, Result

import cad2real.cli
import photos.looking
from cad2real.errors import UserError
from photos.correction import write_boxes_to_correct
from photos.looking import Looking
from photos.manifest import read_manifest
from photos.stage import make_squares


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the working directory, whose finder sees red."""
    monkeypatch.chdir(tmp_path)
    red_photos(Path("data/photos"))
    Path("params.yaml").write_text("photos: {size: 64}\n")
    monkeypatch.setattr(photos.looking, "project_looking", lambda layout, params: Looking(red_finder()))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cad2real.cli.app, ["photos", *words])


def boxes_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_found_boxes_are_written_corrected_and_win(project: Path) -> None:
    first = run()
    assert "nothing found in 2 photos, which stay whole" in first.stderr and "nut/nothing.png" in first.stderr
    told = run("--correct")
    assert told.exit_code == 0, told.output
    assert "2 found boxes and 2 whole photos" in told.output
    path = Path("data/photos/boxes.csv")
    rows = boxes_of(path)
    assert [(row["image"], row["label"], bool(row["x_min"])) for row in rows] == [
        ("bolt/faint.png", "bolt", False),
        ("nut/nothing.png", "nut", False),
        ("nut/two.png", "", True),
        ("nut/two.png", "nut", True),  # the larger one
    ]
    # A person takes one part away, moves the other and frames what was missed.
    rows = [rows[0] | {"x_min": "20", "y_min": "20", "x_max": "60", "y_max": "61"}, rows[1], rows[3] | {"x_min": "22"}]
    lower = rows[2]["y_max"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")  # as some spreadsheets save it
        writer.writeheader()
        writer.writerows(rows)
    assert run().exit_code == 0
    made = read_manifest(Path("data/squares"))
    assert [(row.photo, row.how, row.label, row.x_min, row.y_max) for row in made] == [
        ("bolt/faint.png", "boxes", "bolt", "20", "61"),
        ("nut/nothing.png", "boxes", "nut", "", ""),
        ("nut/two.png", "boxes", "nut", "22", lower),
    ]
    before = path.read_bytes()
    assert run("--correct").exit_code == 0
    assert path.read_bytes() == before  # nothing is left to add


def test_given_rows_stay_as_they_are(project: Path) -> None:
    path = Path("data/photos/boxes.csv")
    given = "note;image;label;x_min;y_min;x_max;y_max\nmine;nut/two.png;washer;0;0;50;50\n;lost.png;nut;a;b;c;d"
    path.write_text(given)
    run()
    assert run("--correct").exit_code == 0
    text = path.read_text()
    assert text.startswith(given + "\n")
    assert text.removeprefix(given + "\n").splitlines() == [";bolt/faint.png;bolt;;;;", ";nut/nothing.png;nut;;;;"]


@pytest.mark.parametrize(
    ("params", "said"),
    [("{boxes: null}", "photos.boxes is null"), ("{crop: found}", "photos.crop is found"), ("{}", "cad2real photos")],
)
def test_where_it_would_be_of_no_use_it_says_why(project: Path, params: str, said: str) -> None:
    Path("params.yaml").write_text(f"photos: {params}\n")
    told = CliRunner().invoke(cad2real.cli.app, ["photos", "--correct"])
    assert isinstance(told.exception, UserError) or told.exit_code == 1
    assert said in str(told.exception) + told.output
    assert not Path("data/photos/boxes.csv").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("boxes.json", "{}", "is no csv"),
        ("boxes.csv", "image,x_min,y_min,x_max,y_max\n", "no column label"),
        ("boxes.csv", "part,number\n", "lacks the column"),
        ("boxes.csv", "", "lacks the column"),
    ],
)
def test_other_files_are_refused_and_kept(tmp_path: Path, name: str, text: str, said: str) -> None:
    folder = red_photos(tmp_path / "photos")
    make_squares(folder, None, "shift", 64, tmp_path / "squares", Looking(red_finder()))
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=said):
        write_boxes_to_correct(read_manifest(tmp_path / "squares"), folder, tmp_path / name)
    assert (tmp_path / name).read_text() == text


def test_the_least_certain_come_first_and_parts_of_a_photo_together(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    red_photos(folder)
    make_squares(folder, None, "shift", 64, tmp_path / "squares", Looking(red_finder()))
    best, _ = (row for row in read_manifest(tmp_path / "squares") if row.how == "found")
    rows = [
        type(best)(**{**best.__dict__, "photo": photo, "score": score})
        for photo, score in (("sure", "0.9"), ("mixed", "0.95"), ("mixed", "0.6"), ("unsure", "0.7"))
    ]
    write_boxes_to_correct(rows, folder, tmp_path / "boxes.csv")
    assert [(row["image"], row["score"]) for row in boxes_of(tmp_path / "boxes.csv")] == [
        ("mixed", "0.95"),
        ("mixed", "0.6"),
        ("unsure", "0.7"),
        ("sure", "0.9"),
    ]
