"""The code keeps to the house: files of 300 lines at most, functions that fit on a screen, rooms with a map."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("cad2real", "flows", "photos", "render", "search", "train")
SOURCES = [path for room in ROOMS for path in sorted((REPOSITORY / room).rglob("*.py"))]
MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS, MOST_FILES = 300, 60, 7, 24

type Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(REPOSITORY)}:{line}"


def comments(path: Path) -> set[int]:
    """Lines of `path` that hold a comment."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT and "fmt:" not in token.string}


def test_files_are_short() -> None:
    found = [path for path in SOURCES if len(path.read_text().splitlines()) > MOST_LINES]
    assert not found


def test_functions_fit_on_a_screen() -> None:
    found = [
        f"{place(path, node.lineno)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in SOURCES
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert not found, "\n".join(found)


def test_functions_with_many_parameters_say_why() -> None:
    """The reason is a comment on the first lines of the function or on the line above it."""
    found = []
    for path in SOURCES:
        said = comments(path)
        for node in functions(path):
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            count = len(given) - (bool(given) and given[0].arg in {"self", "cls"})
            beside = range(node.lineno - 1, node.body[0].lineno)
            if count > MOST_PARAMETERS and not said & set(beside):
                found.append(f"{place(path, node.lineno)} {node.name}: {count} parameters")
    assert not found, "\n".join(found)


def test_every_package_has_a_docstring_that_names_its_modules() -> None:
    """So that a newcomer opens one file and knows where to go; packages of one kind of thing each need no names."""
    alike = {"train/losses", "train/methods", "train/validators", "train/presets"}
    found = []
    for path in SOURCES:
        folder = path.parent
        name = folder.relative_to(REPOSITORY).as_posix()
        if path.name != "__init__.py":
            continue
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        if not text:
            found.append(f"{name}/__init__.py has no docstring")
        elif name not in alike and "/" in name:
            modules = {file.stem for file in folder.glob("*.py")} - {"__init__", "__main__"}
            found += [f"{name}/__init__.py does not name {stem}" for stem in sorted(modules) if f"`{stem}`" not in text]
    assert not found, "\n".join(found)


def test_no_folder_holds_more_files_than_one_can_read() -> None:
    alike = {"train/losses", "train/methods"}  # one loss, one method a file
    folders = {path.parent for path in SOURCES}
    counts = {folder.relative_to(REPOSITORY).as_posix(): len(list(folder.glob("*.py"))) for folder in folders}
    assert not {name: count for name, count in counts.items() if count > MOST_FILES and name not in alike}
