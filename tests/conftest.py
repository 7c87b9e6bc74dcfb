"""What holds for all tests: small thread pools (many waiting threads are slow on a busy machine) and no telemetry; the
browser that pages are looked at in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium: $CHROMIUM, or the system's. Where none starts, the tests that look at pages are skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="there is no playwright: pages were not looked at")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("there is no Chromium: pages were not looked at (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=120_000)
        except sync_api.Error as error:
            pytest.skip(f"Chromium does not start: pages were not looked at ({error.message.splitlines()[0]})")
        yield chromium
        chromium.close()
