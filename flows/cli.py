"""The commands of the flows room."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
