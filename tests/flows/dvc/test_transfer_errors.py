"""What DVC says about a failed transfer becomes one line."""

from __future__ import annotations

import pytest

from flows.dvc.transfer_errors import transfer_error

REFUSED = "Cannot connect to host 127.0.0.1:9"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            f"ERROR: failed to transfer '15dd' - {REFUSED}\nERROR: failed to transfer '7bc6' - {REFUSED}\n"
            "ERROR: failed to push data to the cloud - 2 files failed to upload\n",
            f"{REFUSED}; failed to push data to the cloud - 2 files failed to upload",
        ),
        (
            "noise\nERROR: unexpected error - no such bucket\n\nHaving any troubles?\n",
            "unexpected error - no such bucket",
        ),
        ("Killed\n", "Killed"),
        ("", "no reason given"),
    ],
)
def test_transfer_error(said: str, wanted: str) -> None:
    assert transfer_error(said) == wanted
