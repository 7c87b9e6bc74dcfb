"""Pages: short lines, links that lead somewhere, a place for each in the navigation, a site that works offline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MOST = 120  # characters in a line
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
LOADED = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"' >]+)")
"""What a browser loads by itself; a link that a person follows is none."""


def where(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_there_are_pages() -> None:
    assert len(PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=where)
def test_lines_are_short(page: Path) -> None:
    long = [number for number, line in enumerate(page.read_text().splitlines(), 1) if len(line) > MOST]
    assert not long, f"{where(page)}: lines {long} have over {MOST} characters"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as both mkdocs and the hosting platforms make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower() for heading in headings]
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=where)
def test_links_lead_somewhere(page: Path) -> None:
    for found in LINK.findall(FENCE.sub("", page.read_text())):
        link = found[0] or found[1]
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{where(page)}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{where(page)}: {link}"


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    missing = [
        path
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if f": {path.relative_to(ROOT / 'docs')}" not in navigation
    ]
    assert not missing


def test_the_site_loads_nothing_from_the_network(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    found = {
        url for page in (tmp_path / "site").rglob("*.html") for url in LOADED.findall(page.read_text(encoding="utf-8"))
    }
    styles = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.css"))
    found.update(re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')]+)", styles))
    assert not found
    assert 'class="mermaid"' not in "".join(p.read_text() for p in (tmp_path / "site").rglob("*.html"))  # from a CDN
