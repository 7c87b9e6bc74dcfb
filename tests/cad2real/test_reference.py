"""What repeats the schemas is made of them: comments of the params.yaml files that are shipped, and the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cad2real.params import Params
from cad2real.reference.comments import WIDTH, commented
from cad2real.reference.page import made, main
from cad2real.reference.rows import Parameter, known, sections
from cad2real.schema import Block
from flows.init_project import STARTER

REPOSITORY = Path(__file__).parents[2]
FULL = [REPOSITORY / "params.yaml", STARTER / "params.yaml"]
PARAMETERS = [parameter for section in sections() for parameter in section.parameters]


def leaves(values: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted keys in the order of the file; what is a parameter is not opened."""
    found = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        found += [key] if isinstance(known()[key], Parameter) else leaves(value, f"{key}.")
    return found


@pytest.mark.parametrize("path", made(REPOSITORY), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_generated_file_is_as_the_schemas_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == made(REPOSITORY)[path], "run: python -m cad2real.reference --write"
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_command_for_developers_says_what_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0 and capsys.readouterr().out == ""
    assert main(["--wirte"]) == 2 and "usage" in capsys.readouterr().err


def test_the_repositorys_project_and_the_starter_show_every_parameter() -> None:
    wanted = sorted(parameter.key for parameter in PARAMETERS)
    for path in FULL:
        assert sorted(leaves(yaml.safe_load(path.read_text()))) == wanted, f"{path}: add the key that is missing"


def test_every_parameter_says_what_it_is() -> None:
    for entry in known().values():
        assert len(entry.summary.split()) >= 3, f"{entry.key}: a docstring under it says what it does"
        assert entry.summary.endswith("."), entry.key
        assert "\n" not in entry.summary, entry.key


def test_the_walk_finds_each_parameter_once_with_its_default() -> None:
    def defaults(block: Block, prefix: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in type(block).model_fields:
            value = getattr(block, name)
            if isinstance(value, Block):
                found |= defaults(value, f"{prefix}{name}.")
            else:
                found[f"{prefix}{name}"] = json.loads(json.dumps(value))
        return found

    told, held = {parameter.key: parameter.default for parameter in PARAMETERS}, defaults(Params())
    by_recipe = {key for key, value in held.items() if told[key] == "auto" != value}
    assert told == held | dict.fromkeys(by_recipe, "auto")
    of_stage = ("backbone_learning_rate", "head_learning_rate", "layer_decay", "weight_decay", "frozen_blocks")
    stages = ("train.finetune", "train.adapt")
    assert by_recipe == {"train.image_size"} | {f"{stage}.{name}" for stage in stages for name in of_stage}
    assert len({parameter.key for parameter in PARAMETERS}) == len(PARAMETERS)


def test_every_word_that_is_allowed_has_its_meaning() -> None:
    def words(field: Any) -> set[str]:
        if isinstance(field, list):
            return set().union(*map(words, field))
        if not isinstance(field, dict):
            return set()
        own = {str(word) for word in (*field.get("enum", ()), *([field["const"]] if "const" in field else ()))}
        inner = (field.get(key, []) for key in ("anyOf", "items", "propertyNames"))
        return own.union(*map(words, inner))

    for block in (Params, *(type(getattr(Params(), name)) for name in Params.model_fields)):
        for name, field in block.model_json_schema()["properties"].items():
            allowed = words(field) if "values" in field or words(field) != {"auto"} else set()  # train.recipe says it
            if allowed and "$ref" not in field:
                assert set(field.get("values", {})) == allowed, f"{block.__name__}.{name}"


def test_ranges_and_types_are_said_in_words() -> None:
    entries = known()
    said = {key: (entries[key].range, entries[key].type) for key in (  # type: ignore[union-attr]
        "render.size", "render.fill", "train.held_out_share", "train.adapt.methods", "render.resting_tilt_deg",
        "render.workers", "render.material_library", "render.sampler", "render.outputs", "train.steps_per_epoch",
    )}  # fmt: skip
    assert said == {
        "render.size": ("16 to 4096", "whole number"),
        "render.fill": ("above 0.05, at most 0.98", "number"),
        "train.held_out_share": ("above 0, below 0.5", "number"),
        "train.adapt.methods": ("at least 0", "{word: number}"),
        "render.resting_tilt_deg": ("", "[number, number]"),
        "render.workers": ("", "whole number or auto"),
        "render.material_library": ("", "text or null"),
        "render.sampler": ("", "one of these words or {word: number}"),
        "render.outputs": ("", "list of these words"),
        "train.steps_per_epoch": ("1 to 100000", "whole number"),
    }


OWN = """\
# of the gearbox line
# yaml-language-server: $schema=params.schema.json

render:
  # 96 was no better
  views: 64   # not more
  size: 256
  background_color: "#00ff00"   #: an old comment
      #: that went on
  outputs:
    - mask
  sampler:
    resting: 1.0
train: {epochs: 3, seed: 5}
photos:
  folder: >-
    data/photos
  boxes: 'a #: b.csv'
mine: 5
"""


def test_comments_of_ones_own_and_values_stay() -> None:
    text = commented(OWN)
    assert yaml.safe_load(text) == yaml.safe_load(OWN)
    assert commented(text) == text
    for line in ("# of the gearbox line", "  # 96 was no better", "  views: 64   # not more", "mine: 5", "    - mask"):
        assert line in text.splitlines()
    assert text.startswith("# of the gearbox line\n# yaml-language-server")
    assert "old comment" not in text and "went on" not in text
    assert "  size: 256                         #: Side of a picture [px; 16 to 4096; default: 512]\n" in text
    assert "#: What is written of each view" in text and "#: Folder of photos" in text
    assert next(line for line in text.splitlines() if "epochs" in line).startswith("train: {epochs: 3, seed: 5} ")


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n"])
def test_what_is_no_params_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no keys"):
        commented(text)
