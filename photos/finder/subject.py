"""Which of several parts in a photo it is a photo of: people show a part as a whole, and beside it lies what may be
nearer, larger, and cut off by the border.
"""

from __future__ import annotations

from collections.abc import Sequence

from photos.crop import Box, area

BORDER = 0.01  # of the longer side: a box so near to the border is cut by it; a cell of the finder's finest look


def subject(boxes: Sequence[Box], width: int, height: int) -> int:
    """The number of the box that a photo of `width` x `height` is of: the largest of those that are whole or reach the
    photo's middle, as parts do that fill it; of all where there is none of these.
    """
    near = BORDER * max(width, height)

    def is_beside(box: Box) -> bool:
        is_whole = min(box.x_min, box.y_min, width - box.x_max, height - box.y_max) > near
        return not is_whole and not (box.x_min <= width / 2 <= box.x_max and box.y_min <= height / 2 <= box.y_max)

    return max(range(len(boxes)), key=lambda number: (not is_beside(boxes[number]), area(boxes[number])))
