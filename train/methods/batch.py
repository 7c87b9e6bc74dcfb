"""What goes into an adaptation method and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from train.networks.classifier import Classifier
from train.params import AdaptParams


@dataclass(frozen=True)
class Setting:
    """What a method is made from: sizes, the stage's parameters, its own number in `train.adapt.methods` (`weight`), a
    seed, and the `shares` (c,) of the classes among the photos as they were predicted before the first step, with
    outlines where these count (None: not known).
    """

    features: int
    classes: int
    params: AdaptParams
    weight: float
    seed: int
    shares: Tensor | None = None

    @contextmanager
    def seeded(self) -> Iterator[None]:
        """Layers that are made inside draw their weights from `seed`; the global generator stays as it was."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            yield


@dataclass(frozen=True)
class StepBatch:
    """One step of both domains, n renders and m photos.

    `source_feature` (n, d) and `target_feature` (m, d): what the head sees, standardised per domain. `source_logits`
    (n, c) and `target_logits` (m, c); `source_labels` (n,) int64. `target_teacher` (m, c): class probabilities of the
    mean teacher on weak views of the same photos, without gradient. `weak` and `strong` (m, 3, s, s): the views of the
    photos in [0, 1] that the teacher and the student saw, `renders` (n, 3, s, s): the step's; several processes fetch
    them from each other when they are asked for. `head`: the classifier's head, (k, d) -> (k, c). `forward_target`: the
    student's features (m, d) and logits (m, c) of other views (m, 3, s, s) of the same photos, with gradient unless
    under `torch.no_grad()`. `forward_pairs`: its logits (p, c) of the three branches of CDTrans, given pairs (p, 2, 3,
    s, s) of a render and a photo, and the teacher's class probabilities of these photos (p, c). `sized`: whether the
    parts' sizes in the photos have corrected the teacher. `progress` in [0, 1]: the share of the adaptation phase that
    is done. `source_patches` (n, 2) and `target_patches` (m, 2): what their patches cost as a render's and as a
    photo's, where a method looks at patches (TVT).
    """

    source_feature: Tensor
    source_logits: Tensor
    source_labels: Tensor
    target_feature: Tensor
    target_logits: Tensor
    target_teacher: Tensor
    weak_view: Callable[[], Tensor]
    strong_view: Callable[[], Tensor]
    head: Callable[[Tensor], Tensor]
    forward_target: Callable[[Tensor], tuple[Tensor, Tensor]]
    forward_pairs: Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
    render_view: Callable[[], Tensor]
    sized: bool
    progress: float
    source_patches: Tensor | None = None
    target_patches: Tensor | None = None

    @property
    def renders(self) -> Tensor:
        return self.render_view()

    @property
    def weak(self) -> Tensor:
        return self.weak_view()

    @property
    def strong(self) -> Tensor:
        return self.strong_view()


class Method(nn.Module):
    """An adaptation method: mostly a loss; perhaps with networks of its own (a discriminator), which are attributes and
    train with the head's learning rate. A subclass overrides `loss`, `restyle` or `sam_rho`. `state_dict` holds all
    that a resumed run needs. `weight` multiplies its loss.
    """

    sam_rho = 0.0  # how far the step perturbs the weights before the gradient is taken (SDAT)
    looks_at_patches = False  # whether it needs `source_patches` and `target_patches`
    ramps_itself = False  # whether its gradient reversal ramps up, so that the loss is not ramped once more

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.weight = setting.weight

    @classmethod
    def prepare(cls, network: Classifier, seed: int) -> None:
        """Changes `network` before its first step, if the method wants that; a network that is prepared stays as it is.
        Raises UserError for one that the method cannot work with.
        """

    def loss(self, batch: StepBatch) -> Tensor | None:
        """The unweighted loss, a scalar to be minimised; None where the method works otherwise."""
        return None

    def restyle(self, renders: Tensor, photos: Tensor) -> Tensor:
        """The step's augmented renders (n, 3, s, s) as they are trained, given photos (n, 3, s, s) (FDA)."""
        return renders
