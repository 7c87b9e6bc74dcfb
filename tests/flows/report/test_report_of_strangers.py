"""The report with names of strangers, in a browser: none of them runs, none makes the page wider than its screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fake_project import fake_project

from cad2real.layout import Layout
from flows.report.page import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = [
    "<script>document.title = 'ran'<script>",
    '"><img src=x onerror="document.title = \'ran\'">',
    "\u202egnp.exe",
    "w" * 200,
    "' onmouseover='alert(1)",
]


@pytest.mark.parametrize("width", [390, 1280])
def test_names_neither_run_nor_widen_the_page(browser: Browser, tmp_path: Path, width: int) -> None:
    fake_project(tmp_path, NAMES, parts_per_label=2)
    page_of_names = write_report(Layout(tmp_path))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(page_of_names.as_uri())
    page.wait_for_load_state("networkidle")
    assert "ran" not in page.title()
    assert page.evaluate("document.scripts.length + document.querySelectorAll('[onerror], [onmouseover]').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
