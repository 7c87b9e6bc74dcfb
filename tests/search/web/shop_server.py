"""Serves the shop of the tests in a process of its own: `python -m tests.search.web.shop_server FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import search.query
from search.web.serve import serve
from tests.search.test_search import ColorModel


class Network:
    """In the place of the network: colours alone."""

    @staticmethod
    def load(path: Path, threads: int) -> Any:
        return ColorModel()


if __name__ == "__main__":
    search.query.PhotoNetwork = Network  # type: ignore[misc, assignment]
    serve(Path(sys.argv[1]), "127.0.0.1", 0, None)
