"""The address of the page is taken before the page is ready: who asks at once waits."""

from __future__ import annotations

import socket

from search.web.serve import _listening


def test_a_client_that_comes_before_the_page_is_ready_is_not_refused() -> None:
    with _listening("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname(), timeout=5):
        pass
