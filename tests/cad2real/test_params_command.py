"""`cad2real params`: all parameters, one, a block, the schema for editors, and its mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from cad2real.cli import app
from cad2real.errors import UserError
from cad2real.params import Params
from cad2real.reference.command import said
from cad2real.reference.json_schema import editor_schema
from cad2real.reference.page import params_files
from cad2real.reference.rows import known
from cad2real.reference.terminal import explanation, values_of
from flows.init_project import STARTER
from flows.params_file import change_params

REPOSITORY = Path(__file__).parents[2]
SHIPPED = [*params_files(REPOSITORY), *sorted((REPOSITORY / "train" / "presets").glob("*.yaml"))]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_bytes((STARTER / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cad2real(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["params", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_all_are_listed_and_what_the_project_changes_is_marked(project: Path) -> None:
    change_params(project / "params.yaml", ["train.epochs=3", "train.adapt.methods={mcc: 1.0}"])
    lines = cad2real().splitlines()
    assert [line.split()[1:3] for line in lines[:-1] if line.startswith("* ")] == [
        ["epochs", "3"],
        ["methods", "{mcc:"],
    ]
    blocks = [line.partition(":")[0] for line in lines[1:] if line and line[0] not in " *"]
    names = [line[2:].split()[0] for line in lines[1:-1] if line[:1] in {" ", "*"}]
    assert len(names) + len(blocks) == len(known())


@pytest.mark.parametrize("width", [80, 120])
def test_a_line_fits_the_terminal(project: Path, width: int) -> None:
    assert max(len(line) for line in said(Path(), None, width)) <= width
    values = values_of(Params().model_dump(mode="json"))
    for key in known():
        assert max(len(line) for line in explanation(key, values, width)) <= width, key


def test_one_parameter_and_one_block_are_said_in_full(project: Path) -> None:
    change_params(project / "params.yaml", ["render.quality=draft"])
    text = cad2real("render.quality")
    assert "render.quality: draft" in text and "(default: standard)" in text
    assert all(word in text for word in ("synthnet  4096", "samples a pixel", "What Cycles spends"))
    text = cad2real("render")
    assert "range: 16 to 4096" in text and "unit: px" in text and "render.environments: " in text
    assert "render.environments.mode:" not in text


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("render.vews", "render.views"),
        ("quality", "render.quality"),
        ("adapt.score", "train.adapt.score"),
        ("trian", "train"),
        ("xyzzy", "cad2real params"),
        ("", "cad2real params"),
    ],
)
def test_an_unknown_key_is_one_line_with_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(UserError, match=nearest) as caught:
        said(Path(), key, 80)
    assert "\n" not in str(caught.value)


def test_a_wrong_file_does_not_keep_anybody_from_reading_about_it(project: Path, capsys: pytest.CaptureFixture) -> None:
    (project / "params.yaml").write_text("render: {size: big}\n")
    assert said(project, "render.size", 80)[0] == "render.size: 512"
    assert "render.size" in capsys.readouterr().err


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_the_schema_takes_what_is_shipped(path: Path) -> None:
    Draft7Validator(editor_schema()).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        "rendr: {}",
        "render: {viewz: 3}",
        "render: {views: many}",
        "render: {views: 0}",
        "render: {quality: great}",
        "render: {sampler: {resting: a}}",
        "render: {sampler: {sitting: 1.0}}",
        "render: {resting_tilt_deg: [1, 2, 3]}",
        "render: {background_color: white}",
        "render: {outputs: [depths]}",
        "train: {adapt: {methods: {mccc: 1.0}}}",
        "train: {adapt: {methods: {mcc: -1.0}}}",
        "train: {held_out_share: 0.5}",
        "train: {rotations: 3}",
        "train: {source_augment: {scale: [0.0, 1.0]}}",
        "photos: {boxes: 3}",
        "- a list",
    ],
)
def test_the_schema_refuses_what_loading_refuses(wrong: str) -> None:
    assert not Draft7Validator(editor_schema()).is_valid(yaml.safe_load(wrong))


def test_the_schema_is_valid_and_has_what_editors_show() -> None:
    schema = editor_schema()
    Draft7Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)
    size = schema["properties"]["render"]["properties"]["size"]
    assert (size["default"], size["minimum"], size["maximum"]) == (512, 16, 4096)
    assert "Unit: px." in size["description"]
    score = schema["properties"]["train"]["properties"]["adapt"]["properties"]["score"]
    assert "snd" in score["enum"] and "snd: " in score["description"]


def test_the_schema_is_printed_or_written(project: Path) -> None:
    assert json.loads(cad2real("--schema")) == editor_schema()
    assert "$schema=params.schema.json" in cad2real("--schema", "params.schema.json")
    assert json.loads((project / "params.schema.json").read_text()) == editor_schema()
    with pytest.raises(UserError, match="json"):
        cad2real("--schema", "render.views")


def test_comments_are_refreshed_and_nothing_else(project: Path) -> None:
    path = project / "params.yaml"
    path.write_text("# mine\n\nrender:\n  views: 8\n  size: 64  # small\n")
    cad2real("--refresh")
    text = path.read_text()
    assert yaml.safe_load(text) == {"render": {"views": 8, "size": 64}}
    assert "# mine\n" in text and "  size: 64  # small\n" in text and "views: 8    " in text and "#: Pictures" in text
    assert "as they should be" in cad2real("--refresh")
    change_params(path, ["render.views=96", "render.quality=high"])
    cad2real("--refresh")
    assert "#: What Cycles spends on a view [default: standard]" in path.read_text()


def test_a_file_that_cannot_be_refreshed_stays(project: Path) -> None:
    path = project / "params.yaml"
    for text in ("render: {views\n", "- 3\n"):
        path.write_text(text)
        with pytest.raises(UserError, match="Nothing was changed"):
            cad2real("--refresh")
        assert path.read_text() == text
    path.unlink()
    with pytest.raises(UserError, match=r"no params\.yaml"):
        cad2real("--refresh")
    with pytest.raises(UserError, match="alone"):
        cad2real("--refresh", "render")
