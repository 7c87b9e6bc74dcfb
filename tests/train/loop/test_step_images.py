"""Images of the next step are made while a step is running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from train.loop.step_images import prefetched


def test_items_come_in_order_and_all_of_them() -> None:
    assert list(prefetched(iter(range(1, 8)))) == list(range(1, 8))


def test_nothing_is_made_further_ahead_than_the_next_item() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1, 10):
            made.append(number)
            yield number

    ahead = prefetched(items())
    assert next(ahead) == 1
    ahead.close()  # type: ignore[attr-defined]  # a generator
    assert made in ([1], [1, 2])


def test_an_error_reaches_the_one_who_asks() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise MemoryError("too large")

    ahead = prefetched(items())
    assert next(ahead) == 1
    with pytest.raises(MemoryError, match="too large"):
        next(ahead)
