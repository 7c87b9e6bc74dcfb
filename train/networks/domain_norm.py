"""Each domain's normalisation of the pooled feature before the head that both share."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import nn

Tensor = torch.Tensor
Domain = Literal["source", "target"]
TargetStatistics = Literal["own", "source", "joint"]
MOMENTUM = 0.1  # of running statistics
ROUNDS = 20  # of asking the head which classes photos show, and of what statistics follow from that
LEAST_WITHIN = 0.05  # share of a channel's variance that is left within the classes at least


class DomainNorm(nn.Module):
    """Standardises the pooled feature with statistics of its own domain, without trained scale or offset.

    Domain-specific batch normalisation (Chang et al., CVPR 2019) kept to the one place where it pays. Mean and variance
    of all photos would tell what the domains differ in only if both held the same mix of classes. So they are those
    of a change of location and scale that all classes share (Zhang et al., ICML 2013, who estimate it from the classes'
    conditional distributions): a photo's class is what the teacher takes it for, `class_means` (c, d) are where the
    standardised renders of each class lie, and from each photo's feature that of its class is taken before the mean is
    formed. So the mix may be any, and classes may be missing. A head that hardly knows the classes is hardly asked:
    class means count by its `reliability` in [0, 1]; at 0 mean and variance are those of all photos.

    That is `target_statistics` "own". With "source", both domains share the source's. With "joint", they share those of
    each training batch as a whole, as in one forward pass of both (the usual batch normalisation of DANN's and CDAN's
    code): renders and photos in equal numbers, or renders alone while only they train.
    """

    class_means: Tensor
    _batch_statistics: tuple[Tensor, Tensor] | None

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.source = nn.BatchNorm1d(features, affine=False)
        self.target = nn.BatchNorm1d(features, affine=False)
        self.register_buffer("class_means", torch.zeros(classes, features))
        self.target_statistics: TargetStatistics = "own"
        self.reliability = 1.0
        self._batch_statistics = None

    def forward(
        self, feature: Tensor, domain: Domain, probabilities: Tensor | None = None, update_running: bool = True
    ) -> Tensor:
        """Standardised feature (n, d). In training, class `probabilities` (n, c) say what target features show; what is
        running follows the batch if `update_running` is on.
        """
        if self.training and self._batch_statistics is not None:
            mean, variance = self._batch_statistics
            return (feature.float() - mean) / (variance + self.source.eps).sqrt()
        shared = domain == "target" and self.target_statistics != "own"
        norm = self.source if domain == "source" or shared else self.target
        if not self.training or shared or len(feature) == 1:  # one image has no variance
            return F.batch_norm(feature.float(), norm.running_mean, norm.running_var, eps=norm.eps)
        if domain == "source" or probabilities is None:
            return norm(feature.float())  # type: ignore[no-any-return]
        mean, variance = self._beside_classes(feature.float(), probabilities)
        if update_running:
            _move(norm, mean, variance)
        return (feature.float() - mean) / (variance + norm.eps).sqrt()

    @property
    def of_photos(self) -> list[Tensor]:
        """What `follow_photos` and `align` change: tensors that are not trained."""
        return list(self.target.buffers())

    @torch.no_grad()
    def follow_classes(self, standardised: Tensor, labels: Tensor) -> None:
        """Moves `class_means` towards those of standardised renders (n, d) with `labels` (n,), each class the further
        the more of its renders there are.
        """
        counts, means = self._means_of_classes(standardised.detach(), labels)
        self.class_means.lerp_(means, (1 - (1 - MOMENTUM) ** counts)[:, None])

    @torch.no_grad()
    def follow_photos(self, features: Tensor, probabilities: Tensor) -> None:
        """Moves the target's running statistics towards those of pooled features (m, d) with class `probabilities`
        (m, c), as `forward` does in training. For a network that no gradient trains (the mean teacher).
        """
        if self.target_statistics == "own" and len(features) > 1:
            _move(self.target, *self._beside_classes(features.float(), probabilities))

    def set_batch_statistics(self, features: Tensor, update_running: bool = True) -> None:
        """Lets "joint" statistics be those of all features (n, d) of a training step, until `clear_batch_statistics`;
        the running ones move towards them if `update_running` is on. To be called before any of the features is
        standardised. Does nothing unless `target_statistics` is "joint".
        """
        self._batch_statistics = None
        if self.target_statistics != "joint" or len(features) == 1:
            return
        variance, mean = torch.var_mean(features, dim=0, correction=0)
        if update_running:
            _move(self.source, mean, variance)
        self._batch_statistics = mean, variance

    def clear_batch_statistics(self) -> None:
        """Ends a training step."""
        self._batch_statistics = None

    @torch.no_grad()
    def set_source(self, features: Tensor, labels: Tensor) -> None:
        """Sets the source's statistics from all its pooled features (n, d) with `labels` (n,), and those of photos to
        the same.
        """
        variance, mean = torch.var_mean(features, dim=0, correction=0)
        _set(self.source, mean, variance)
        self.share_source()
        spread = (variance + self.source.eps).sqrt()
        counts = torch.bincount(labels, minlength=len(self.class_means))[:, None]
        sums = torch.zeros_like(self.class_means, device=features.device).index_add_(0, labels, features)
        self.class_means.copy_((sums - counts * mean) / counts.clamp_min(1) / spread)  # 0 of a class without renders

    @torch.no_grad()
    def share_source(self) -> None:
        """Sets the photos' statistics to those of the source."""
        _set(self.target, *_statistics(self.source))

    @torch.no_grad()
    def align(self, features: Tensor, head: nn.Module) -> None:
        """Sets the photos' statistics from all their pooled features (m, d); to those of the source where both share
        them.

        ROUNDS times `head` says which classes photos show, and statistics follow from that. Where this ends may depend
        on where it begins: from what statistics are now, from the source's (few classes are found from there), and from
        mean and variance of all photos (a large gap between the domains is crossed from there). What makes the photos
        likeliest is kept.
        """
        if self.target_statistics != "own" or len(features) < 2:
            self.share_source()
            return
        features = features.to(self.class_means)
        variance, mean = torch.var_mean(features, dim=0, correction=0)
        ends = []
        now = [statistic.clone() for statistic in _statistics(self.target)]
        for start in (now, _statistics(self.source), (mean, variance)):
            _set(self.target, *start)
            for _ in range(ROUNDS):
                standardised = F.batch_norm(features, *_statistics(self.target), eps=self.target.eps)
                _set(self.target, *self._beside_classes(features, head(standardised).softmax(dim=1)))
            end = [statistic.clone() for statistic in _statistics(self.target)]
            ends.append((self._log_likelihood(features), end))
        _set(self.target, *max(ends, key=lambda pair: pair[0])[1])

    def _means_of_classes(self, standardised: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """How many renders (c,) each class has, and their means (c, d), 0 of none."""
        members = F.one_hot(labels, len(self.class_means)).to(standardised)
        counts = members.sum(0)
        return counts, members.T @ standardised / counts.clamp_min(1)[:, None]

    def _log_likelihood(self, features: Tensor) -> float:
        """Of pooled features (m, d) of photos by the running statistics, up to a constant, a photo: a class is normal
        around its mean, channels vary by themselves, and all classes are as likely.
        """
        mean, variance = _statistics(self.target)
        within = self._within()
        standardised, centres = (features - mean) / (variance + self.target.eps).sqrt(), self._centres()
        far = standardised.square() @ (1 / within)
        near = (standardised / within) @ centres.T - (centres.square() / within).sum(1) / 2
        scale = variance.clamp_min(self.target.eps).log().sum() / 2
        return float((near.logsumexp(dim=1) - far / 2).mean() - scale)

    def _within(self) -> Tensor:
        """What varies within classes (d,): what is left of the renders' variance, 1, beside that of class means."""
        return (1 - self._centres().square().mean(0)).clamp_min(LEAST_WITHIN)

    def _centres(self) -> Tensor:
        """Where photos are expected (c, d) of which the head says that they show a class."""
        return self.reliability * self.class_means

    def _beside_classes(self, features: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance (d,) that would standardise renders which look like these photos (m, d), of which class
        `probabilities` (m, c) are known: x = mean + spread * (the class's mean + what varies within a class).
        """
        spread = (_statistics(self.target)[1] + self.target.eps).sqrt()
        centres = self._centres()
        mean = (features - spread * (probabilities @ centres)).mean(0)
        expected = (probabilities @ centres.square()).mean(0) + self._within()
        return mean, (features - mean).square().mean(0) / expected


def _statistics(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    if norm.running_mean is None or norm.running_var is None:
        raise RuntimeError("a domain's normalisation keeps running statistics")
    return norm.running_mean, norm.running_var


def _set(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor) -> None:
    running_mean, running_variance = _statistics(norm)
    running_mean.copy_(mean)
    running_variance.copy_(variance.clamp_min(1e-6))


def _move(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor) -> None:
    """Moves running statistics towards those of a batch."""
    for running, batch in zip(_statistics(norm), (mean, variance), strict=True):
        running.lerp_(batch.detach(), MOMENTUM)
