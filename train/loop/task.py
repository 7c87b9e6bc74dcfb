"""The losses of one step of adaptation: images of both domains go in, a dict of named losses comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor, nn

from train.compute.copies import moved
from train.loop.label_shift import LabelShift
from train.loop.parallel_network import ParallelNetwork
from train.loop.schedule import Schedule
from train.loop.step_images import Restyle, StepImages
from train.losses.teacher import TeacherUpdate
from train.methods.batch import Method, StepBatch
from train.sizes.size_prior import SMALLEST, SizePrior, measured


@dataclass(frozen=True)
class AdaptationTask:
    """What a step learns: the renders' labels, and what each of `methods` (by name) asks of the photos.

    `student` is the network that trains, `teacher` its average over the steps (mean teacher). `label_shift` weighs the
    renders' losses by the mix of classes among the photos. The loop that calls it owns all else: precision, gradient
    accumulation, distribution, the optimiser and its schedule.
    """

    student: ParallelNetwork
    teacher: ParallelNetwork
    methods: Mapping[str, Method]
    label_smoothing: float
    label_shift: LabelShift | None = None

    @property
    def restyles(self) -> list[Restyle]:
        """What the methods do to renders before they are trained on (FDA)."""
        return [method.restyle for method in self.methods.values() if type(method).restyle is not Method.restyle]

    @property
    def method_parameters(self) -> list[nn.Parameter]:
        """Parameters of the methods' own networks (discriminators), which train along."""
        return [parameter for method in self.methods.values() for parameter in method.parameters()]

    @cached_property
    def update_teacher(self) -> TeacherUpdate:
        """What moves the teacher towards the student after a step. The statistics of the photos are the teacher's own:
        they have to be those of its features, which are not the student's.
        """
        teacher = self.teacher.network
        return TeacherUpdate(teacher, self.student.network, teacher.norm.of_photos)

    @property
    def sam_rho(self) -> float:
        """How far weights are perturbed before the gradient is taken (SDAT), 0 for not at all."""
        return sum(method.sam_rho for method in self.methods.values())

    def losses(self, images: StepImages, size_prior: SizePrior | None = None) -> dict[str, Tensor]:
        """The weighted losses by name: "source", "labelled" where labels of photos train, and those of the methods once
        photos are trained on.

        Renders and photos with labels have one cross-entropy, in which every image counts alike. One forward pass of
        all images; `size_prior` corrects the teacher's class probabilities.
        """
        network, renders = self.student.network, len(images.labels)
        pooled, patches = self._looked_at(images)
        network.norm.set_batch_statistics(pooled)
        source_feature, source_logits, source_loss = self._source(pooled[:renders], images.labels)
        network.norm.follow_classes(source_feature, images.labels)
        if images.weak is None:
            named = pooled[renders:]  # where there are photos, they join with them
            return self._supervised(source_loss, images, network.norm(named, "target") if len(named) else named)
        teacher = self._teacher_probabilities(images, images.weak, size_prior)
        known = images.photo_labels
        classes = teacher if known is None else torch.cat([teacher, F.one_hot(known, teacher.shape[1]).to(teacher)])
        photo_feature = network.norm(pooled[renders:], "target", classes)
        target_feature = photo_feature[: images.photos]
        batch = StepBatch(
            source_feature=source_feature,
            source_logits=source_logits,
            source_labels=images.labels,
            target_feature=target_feature,
            target_logits=network.head(target_feature),
            target_teacher=teacher,
            weak_view=partial(self.student.whole, images.weak, images.photos),
            strong_view=lambda: self.student.whole(images.images, images.total)[renders : renders + images.photos],
            head=network.head,
            forward_target=partial(self.student.forward_target, probabilities=teacher),
            forward_pairs=self.student.forward_pairs,
            render_view=lambda: self.student.whole(images.images, images.total)[:renders],
            sized=size_prior is not None and images.extents is not None,
            progress=images.progress,
            source_patches=None if patches is None else patches[:renders],
            target_patches=None if patches is None else patches[renders : renders + images.photos],
        )
        losses = self._supervised(source_loss, images, photo_feature[images.photos :])
        ramp = Schedule.ramp(images.progress)
        for name, method in self.methods.items():
            loss = method.loss(batch)
            if loss is not None:
                losses[name] = (1.0 if method.ramps_itself else ramp) * method.weight * loss
        return losses

    def _supervised(self, source_loss: Tensor, images: StepImages, feature: Tensor) -> dict[str, Tensor]:
        """The losses of labels: of the renders, and of the photos with labels, whose `feature` (k, d) is what the head
        sees, by their share of all these images.
        """
        if images.photo_labels is None:
            return {"source": source_loss}
        logits = self.student.network.head(feature)
        loss = F.cross_entropy(logits, images.photo_labels, label_smoothing=self.label_smoothing)
        share = len(logits) / (len(logits) + len(images.labels))
        return {"source": (1 - share) * source_loss, "labelled": share * loss}

    def _looked_at(self, images: StepImages) -> tuple[Tensor, Tensor | None]:
        """Pooled features (n + m, d), and what the patches cost (n + m, 2) where a method looks at them."""
        network = self.student.network
        if not any(method.looks_at_patches for method in self.methods.values()):
            return self.student.pooled(images.images, images.total), None
        both = self.student.pooled(images.images, images.total, network.pooled_and_patches)
        return both[:, : network.head.in_features], both[:, network.head.in_features :]

    def source_loss(self, images: StepImages) -> Tensor:
        """The renders' loss alone, in a forward pass of its own that leaves joint running statistics alone (SDAT)."""
        pooled = self.student.pooled(self.student.whole(images.images, images.total)[: len(images.labels)])
        self.student.network.norm.set_batch_statistics(pooled, update_running=False)
        return self._source(pooled, images.labels)[-1]

    def _source(self, pooled: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (n, d), logits (n, c) and cross-entropy of the renders, whose pooled features (n, d) are given."""
        network = self.student.network
        feature = network.norm(pooled, "source")
        logits = network.head(feature)
        if self.label_shift is None:
            return feature, logits, F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        losses = F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing, reduction="none")
        return feature, logits, self.label_shift(losses, labels)

    @staticmethod
    def _with_sizes(said: Tensor, prior: SizePrior, extents: npt.NDArray[np.float64]) -> Tensor:
        """Logits (m, c) of class probabilities (m, c) that are corrected by the extents (m, 2) of the photos, as `fuse`
        does it.
        """
        numbers = [measured(extents)[:, None], prior.log_likelihood(extents)]
        if prior.taken_for is not None:
            numbers.append(prior.taken_for)
        known, likelihood, *taken_for = moved([torch.from_numpy(each).float() for each in numbers], said.device)
        believed = said @ taken_for[0] if taken_for else (1 - prior.mistaken) * said + prior.mistaken / said.shape[1]
        return (torch.lerp(said, believed, known) + SMALLEST).log() + likelihood

    @torch.no_grad()
    def _teacher_probabilities(self, images: StepImages, weak: Tensor, size_prior: SizePrior | None) -> Tensor:
        """The teacher's class probabilities (m, c) for the weak views, corrected by the parts' sizes in the photos. Its
        statistics of the photos follow these views.
        """
        network = self.teacher.network
        pooled = self.teacher.pooled(weak, images.photos)
        logits: Tensor = network.head(network.norm(pooled, "target"))
        if size_prior is not None and images.extents is not None:
            logits = self._with_sizes(logits.softmax(dim=1), size_prior, images.extents)
        probabilities = logits.softmax(dim=1)
        network.norm.follow_photos(pooled, probabilities)
        return probabilities
