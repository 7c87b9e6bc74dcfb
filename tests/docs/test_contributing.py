"""The files that documents name are there, and each question of a newcomer ends in one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
NOW = [page for page in PAGES if page.name != "CHANGELOG.md"]  # it tells of the past, too

FOLDERS = ("cad2real", "docs", "examples", "flows", "photos", "render", "search", "tests", "tools", "train")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*")
"""A path in backticks. `NAME`, `<key>` or `*` in it stand for something else, and data/ is made by runs."""
MODULE = re.compile(r"(?:python -m|from|import) ((?:cad2real|flows|photos|render|search|train)(?:\.\w+)+)")
PLACEHOLDER = re.compile(r"NAME|STAGE|[<*]")


def where(page: Path) -> str:
    return str(page.relative_to(ROOT))


def named_paths(text: str) -> Iterator[str]:
    """Paths that stand alone in backticks, and names such as `dann.py` are none of them."""
    for code in CODE.findall(FENCE.sub("", text)):
        if PATH.fullmatch(code) and not PLACEHOLDER.search(code):
            yield code


@pytest.mark.parametrize("page", NOW, ids=where)
def test_files_named_in_backticks_exist(page: Path) -> None:
    gone = [path for path in named_paths(page.read_text()) if not (ROOT / path).exists()]
    assert not gone


def test_the_questions_of_a_newcomer_end_in_a_file_each() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| Wh")]
    assert len(rows) >= 10
    for row in rows:
        answer = row.split("|")[2]
        files = [code for code in CODE.findall(answer) if (ROOT / code).is_file()]
        assert len(files) == 1 or "its room's" in answer, row


@pytest.mark.parametrize("page", NOW, ids=where)
def test_modules_that_are_started_or_imported_exist(page: Path) -> None:
    for module in MODULE.findall(page.read_text()):
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), f"{where(page)}: {module}"


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "docs/how-to/add-a-method.md"], ids=where)
def test_names_in_backticks_occur_in_the_code(page: Path) -> None:
    """Such as `METHODS` or `restyle(renders, photos)`: where a name changes, the page has to."""
    source = "\n".join(path.read_text() for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    said = (re.fullmatch(r"(?:\w+\.)*(\w+)(?:\(.*\))?", code) for code in CODE.findall(FENCE.sub("", page.read_text())))
    names = {match[1] for match in said if match and not PLACEHOLDER.search(match[0])}
    outside = {"mkdocs", "tool", "importlinter", "md", "yaml", "json"}
    gone = [name for name in sorted(names - outside) if not re.search(rf"\b{name}\b", source)]
    assert not gone


def test_pages_that_the_code_names_exist() -> None:
    sources = [
        path for folder in FOLDERS for kind in ("*.py", "*.yaml") for path in sorted((ROOT / folder).rglob(kind))
    ]
    sources += [ROOT / "params.yaml", ROOT / "dvc.yaml"]
    named = {(page, path) for path in sources for page in re.findall(r"\bdocs/[\w/-]+\.\w+", path.read_text())}
    gone = sorted(f"{where(path)}: {page}" for page, path in named if not (ROOT / page).exists())
    assert not gone
