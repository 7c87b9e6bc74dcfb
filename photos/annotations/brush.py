"""Masks that were painted with Label Studio's brush: run lengths in a row of bits, four values (RGBA) a pixel.

The packing is that of @thi.ng/rle-pack: 32 bits with the count of values, 5 with a value's bits less one, four times 4
with the bits of a length less one; then runs, each a bit (one value or many), two bits that choose one of the four
sizes, the length less one, and the value or values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from photos.crop import Box

CHANNELS, ALPHA = 4, 3


def around_painted(packed: Sequence[object], width: int, height: int) -> Box:
    """The box around all pixels that are painted in a mask of `width` x `height`, which `packed` holds as numbers of a
    byte each. Raises ValueError for what is no such mask, and for one without a painted pixel.
    """
    left, top, right, bottom = width, height, 0, 0
    for start, end in _painted(bytes(packed), width * height * CHANNELS):  # type: ignore[arg-type]
        first, last = divmod(start, width), divmod(end - 1, width)
        top, bottom = min(top, first[0]), max(bottom, last[0] + 1)
        if first[0] != last[0]:
            left, right = 0, width
        else:
            left, right = min(left, first[1]), max(right, last[1] + 1)
    if right <= left:
        raise ValueError("nothing is painted")
    return Box(left, top, right, bottom)


def _painted(packed: bytes, values: int) -> Iterator[tuple[int, int]]:
    """Runs of painted pixels: the first, and the one after the last."""
    bits = _Bits(packed)
    if bits.read(32) != values:
        raise ValueError("the mask has another size than the photo")
    value_bits = bits.read(5) + 1
    length_bits = [bits.read(4) + 1 for _ in range(4)]
    at = 0
    while at < values:
        one_value = bits.read(1)
        end = at + 1 + bits.read(length_bits[bits.read(2)])
        if end > values:
            raise ValueError("the mask is longer than the photo")
        if one_value:
            if bits.read(value_bits) and (pixels := _pixels(at, end)):
                yield pixels
        else:
            for place in range(at, end):
                if bits.read(value_bits) and place % CHANNELS == ALPHA:
                    yield place // CHANNELS, place // CHANNELS + 1
        at = end


def _pixels(start: int, end: int) -> tuple[int, int] | None:
    """The pixels whose alpha lies in the values from `start` to before `end`."""
    first, last = -(-(start - ALPHA) // CHANNELS), (end - 1 - ALPHA) // CHANNELS
    return (first, last + 1) if last >= first else None


class _Bits:
    """Reads numbers from a row of bits, the highest bit first."""

    def __init__(self, packed: bytes) -> None:
        self._packed, self._at = packed, 0

    def read(self, count: int) -> int:
        start, end = self._at, self._at + count
        if end > 8 * len(self._packed):
            raise ValueError("the mask ends too early")
        self._at = end
        number = int.from_bytes(self._packed[start // 8 : -(-end // 8)])
        return (number >> (-end % 8)) & ((1 << count) - 1)
