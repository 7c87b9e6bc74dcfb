"""What files of strangers hold reaches neither a terminal's control nor Python's limits."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from cad2real.errors import DamagedFileError, Skipped, UserError
from cad2real.files import parse_json, read_json
from cad2real.plain_yaml import plain_yaml
from cad2real.quoting import quoted, quoted_json

REPOSITORY = Path(__file__).parents[2]
DEEP = "[" * 300_000 + "]" * 300_000


def test_json_that_is_nested_too_deeply_is_an_error_as_any_other() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(DEEP)


@pytest.mark.parametrize("content", [DEEP, "", "{", '{"parts": ' + "1" * 5000 + "}", "[1]", "{}", "\xff"])
def test_a_damaged_file_is_one_line_that_names_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "part.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(DamagedFileError, match=r"part\.json is damaged") as caught:
        read_json(path, "parts")
    assert isinstance(caught.value, UserError)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 100_000, "a: [" * 20_000, "[" * 4_999])
def test_yaml_of_many_brackets_is_an_error_without_a_wait(text: str) -> None:
    with pytest.raises(ValueError, match=r"brackets|nested too deeply"):
        plain_yaml(text)


def test_json_is_read_in_one_place() -> None:
    """Where Python's exception for what is nested too deeply is known."""
    found = []
    for room in ("cad2real", "flows", "photos", "render", "search", "train"):
        for path in (REPOSITORY / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and ast.unparse(node) in {"json.load", "json.loads"}:
                    found.append(path.relative_to(REPOSITORY).as_posix())
    assert found == ["cad2real/files.py"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Schraube M8 × 40, größer", "Schraube M8 × 40, größer"),
        ("部品\t1", "部品\t1"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb\x07\x9b", "a\\r\\nb\\x07\\x9b"),
        ("gnp.\u202egpj", "gnp.\\u202egpj"),
        ("\udcff.jpg", "\\udcff.jpg"),
    ],
)
def test_names_are_quoted_where_a_terminal_would_obey_them(text: str, shown: str) -> None:
    assert quoted(text) == shown
    assert str(Skipped(text, text, text)) == f"{shown} ({shown}): {shown}"


def test_json_for_a_terminal_says_the_same() -> None:
    value = {"größer": ["a\x1b\x9b\u202e\n", 1.5, None, "\U000e0001"]}
    shown = quoted_json(value)
    assert json.loads(shown) == value
    assert shown.replace("\n", "").isprintable()
    assert "größer" in shown
