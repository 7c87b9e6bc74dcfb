"""`cad2real catalogue --explain`, `--json` and `--init`, as a new user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cad2real.cli import app
from cad2real.errors import UserError
from cad2real.params import load_params

LIST = (
    "Stückliste 4711;;;;\n;;;;\nPos;Sach-Nr.;Benennung;Menge;Werkstoff\n1;A-1;Platte;2;S235JR\n"
    "2;A-2;\x1b[2JWelle;1;Unobtainium\n"
)
PARAMS = "# Mine.\ncatalogue:\n  parts: data/parts/parts.csv  # my comment\n  units: cm\n\nrender: {}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data" / "parts").mkdir(parents=True)
    (tmp_path / "data" / "parts" / "list.csv").write_bytes(LIST.encode("cp1252"))
    (tmp_path / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["catalogue", "--parts", "data/parts/list.csv", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result.output


def test_explain_says_all_and_writes_nothing(project: Path) -> None:
    text = run("--explain")
    for words in (
        "header in row 3",
        "'Sach-Nr.': part_number",
        "row 4 A-1",
        "'S235JR' -> steel",
        "no CAD file",
        "Unobtainium",
    ):
        assert words in text
    assert "\x1b" not in text
    assert not (project / "data" / "catalogue.json").exists()


def test_json_has_these_keys(project: Path) -> None:
    run("--json", "read.json")
    told = json.loads((project / "read.json").read_text())
    assert list(told) == ["sheets", "columns", "parts", "not_parts", "unknown_words"]
    assert [(part["part_id"], part["quantity"], part["row"]) for part in told["parts"]] == [
        ("A-1", 2, 4),
        ("A-2", 1, 5),
    ]
    assert told["unknown_words"] == ["Unobtainium"]


def test_init_writes_what_was_found_and_keeps_comments(project: Path) -> None:
    run("--init")
    text = (project / "params.yaml").read_text()
    assert "# Mine." in text
    assert "# my comment" in text
    params = load_params(project / "params.yaml").catalogue
    assert params.parts == "data/parts/list.csv"
    assert params.units == "cm"
    assert params.header_row == 3
    assert params.columns == {
        "Pos": "position", "Sach-Nr.": "part_number", "Benennung": "name", "Menge": "quantity", "Werkstoff": "material",
    }  # fmt: skip
    assert "as params.yaml says" in run("--explain")
    assert list(yaml.safe_load(text)["catalogue"]) == ["parts", "columns", "header_row", "units"]


def test_what_is_said_of_the_projects_list_holds_for_no_other(project: Path) -> None:
    run("--init")
    (project / "data" / "parts" / "list.csv").rename(project / "data" / "parts" / "other.csv")
    (project / "data" / "parts" / "list.csv").write_text("\n\nWas;Menge;Wo\nPlatte;2;hier\n")
    result = CliRunner().invoke(app, ["catalogue", "--parts", "data/parts/other.csv", "--explain"])
    assert "its header says so" in result.output


def test_a_simple_list_needs_no_columns(project: Path) -> None:
    (project / "data" / "parts" / "list.csv").write_text("part_id,file,name\na,a.stl,Plate\n")
    assert "a simple list" in run("--explain")
    with pytest.raises(UserError, match="its columns need no roles"):
        run("--init")
    assert (project / "params.yaml").read_text() == PARAMS


def test_a_simple_list_is_explained_by_its_own_rules(project: Path) -> None:
    (project / "data" / "parts" / "a.stl").write_text("solid")
    rows = "part_id,file,units,material\na,a.stl,mm,steel\nA,a.stl,mm,\nb,b.stl,,\n"
    (project / "data" / "parts" / "list.csv").write_text(rows)
    text = run("--explain")
    assert "row 2 a: a.stl, mm, steel" in text
    assert "part_id 'A' was used before in row 2" in text
    assert "'b.stl' does not exist" in text
    assert "quantity" not in text, "units are no quantities, as a company's list would have them"


def test_no_list_is_one_line(project: Path) -> None:
    (project / "data" / "parts" / "list.csv").write_text("hello\n")
    with pytest.raises(UserError, match="has no table of parts"):
        run("--explain")


def test_a_file_that_the_list_names_and_a_folder_are_called_what_they_are(project: Path) -> None:
    (project / "data" / "parts" / "list.csv").write_text("Sach-Nr.;Benennung;Datei\nA-1;Platte;platte.step\n")
    assert "is called 'platte.step' or 'A-1'" in run("--explain")
    (project / "data" / "parts" / "list.csv").unlink()
    (project / "data" / "parts" / "list.csv").mkdir()
    with pytest.raises(UserError, match="is a folder, not a part list"):
        run("--explain")
