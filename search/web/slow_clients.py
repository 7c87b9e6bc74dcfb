"""Clients that hold connections and say little: each takes one of a limited number, so they are not waited for.

uvicorn waits without end for a request that has begun, and some hundred such connections keep everybody else out.
"""

from __future__ import annotations

import asyncio
import ipaddress

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 15.0  # from a request's first byte, or from the connection, until its headers are whole
BODY_S = 300.0  # then until its body is: 25 MB at 0.7 Mbit/s
AT_ONCE = 200  # requests in work; further ones are answered "busy"
MOST_CONNECTIONS = 400  # further ones are closed at once: a process has some thousand files at most
OF_ONE_ADDRESS = AT_ONCE // 2  # of another machine; a browser has six


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, within these limits."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(HEADERS_S)
        if len(self.connections) > MOST_CONNECTIONS or self._is_one_of_too_many():
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._limit is None:
            self._wait(HEADERS_S)
        before = self.cycle
        in_body = before is not None and before.more_body
        super().data_received(data)
        if self.cycle is not None and self.cycle is not before:  # the headers of a request are whole
            self._wait(BODY_S if self.cycle.more_body else None)
        elif in_body and self.cycle is not None and not self.cycle.more_body:
            self._wait(None)

    def _wait(self, seconds: float | None) -> None:
        """For so long from now, and no longer; None: nothing is waited for."""
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)

    def _is_one_of_too_many(self) -> bool:
        address = self.client[0] if self.client else ""
        if not address or is_loopback(address):
            return False
        same = sum(other.client is not None and other.client[0] == address for other in self.connections)  # type: ignore[union-attr]
        return same > OF_ONE_ADDRESS


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("192.0.2.7"), is_loopback("somewhere")
    (True, False, False)
    """
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
