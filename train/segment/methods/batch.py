"""What goes into an adaptation method on maps and what comes out: as `train.methods.batch`, for every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from train.losses.map_self_training import sure_share
from train.segment.network import Seen, SegmentationNetwork


@dataclass(frozen=True)
class MapSetting:
    """What a method is made from: the number of `classes`, the `channels` of `Seen.levels`, the seed."""

    classes: int
    channels: Sequence[int]
    seed: int

    def generator(self) -> torch.Generator:
        """Draws the first weights of a method's own networks."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class PseudoLabels:
    """What the teacher says of m photos: its most probable class `labels` (m, h, w), and `weights` (m, h, w): of each
    photo the share of pixels that it is sure of, the same at all of them.
    """

    labels: Tensor
    weights: Tensor


@dataclass
class MapBatch:
    """One step of n composites and m photos of one size. `pictures` (n, 3, s, s) in [0, 1] with `labels` (n, s, s) and
    what the student `source` said of them; `weak` and `strong` (m, 3, s, s): the photos as they are, and as another
    phone would have taken them. `progress` in [0, 1): the share of the adaptation that is done. `key`: seed and number
    of the step, of which all that a method draws depends.
    """

    pictures: Tensor
    labels: Tensor
    source: Seen
    weak: Tensor
    strong: Tensor
    network: SegmentationNetwork
    teacher: nn.Module
    progress: float
    key: tuple[int, int]

    @cached_property
    def target(self) -> Seen:
        """What the student says of the photos as they are, with gradient. Made once, for all who ask."""
        seen: Seen = self.network(self.weak)
        return seen

    @cached_property
    def pseudo(self) -> PseudoLabels:
        """What the teacher, the average of the student, says of them, without gradient."""
        with torch.no_grad():
            probabilities = torch.softmax(self.teacher(self.weak).logits, 1)
        share = sure_share(probabilities)
        labels = probabilities.argmax(1)
        return PseudoLabels(labels, share[:, None, None].expand(labels.shape))

    def generator(self, method: int) -> torch.Generator:
        """The draws of one method in this step."""
        drawn = np.random.SeedSequence([*self.key, method]).generate_state(1)
        return torch.Generator().manual_seed(int(drawn[0]))


class MapMethod(nn.Module):
    """An adaptation method on maps: a loss, perhaps with networks of its own, which train beside the decoder."""

    def __init__(self, setting: MapSetting) -> None:
        super().__init__()

    def losses(self, batch: MapBatch, weight: float) -> dict[str, Tensor]:
        """Scalars by name, to be minimised as they are: those that move the network are multiplied by `weight`."""
        raise NotImplementedError
