"""Many clients at once: everybody is answered or told to come again, and the server holds no more for it. The long one
with a real project is `make soak-search`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.soak_search import served, soak

SERVER = "tests.search.web.shop_server"
GROWTH = 1.3  # of the most that is held, in a few seconds in which pools and caches still fill


def test_many_clients_get_answers_or_503(shop: Path) -> None:
    with served([sys.executable, "-m", SERVER, str(shop)], shop) as (address, process):
        soak(address, process, 4, 2)  # what is made once is made
        found = soak(address, process, 20, 8)
    assert found.faults == []
    assert found.statuses[200] and set(found.statuses) <= {200, 400, 503}
    # The most of each half, not means: a decoder that was lost on a broken file is missing for a moment.
    held = [bytes_ for _, bytes_ in found.memory]
    half = len(held) // 2
    assert max(held[half:]) < GROWTH * max(held[:half])
