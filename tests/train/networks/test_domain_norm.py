"""Each domain is standardised by its own statistics, and the photos' do not depend on the mix of classes."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from train.networks.domain_norm import DomainNorm

CLASSES, WIDTH = 4, 6
LOCATION, SCALE = 3.0, 2.0  # of photos, by renders


def renders(count: int = 400, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Features (count, d) around a centre of each class, in equal shares, with labels."""
    rng = np.random.default_rng(seed)
    centres = 4 * np.random.default_rng(7).normal(size=(CLASSES, WIDTH))
    labels = np.arange(count) % CLASSES
    return torch.from_numpy(centres[labels] + rng.normal(size=(count, WIDTH))).float(), torch.from_numpy(labels)


def photos(shares: list[int], seed: int = 1) -> tuple[Tensor, Tensor]:
    """Photos of so many of each class: renders with another location and scale."""
    features, labels = renders(2000, seed)
    rows = np.concatenate([np.flatnonzero(labels == one)[:count] for one, count in enumerate(shares)])
    return SCALE * features[rows] + LOCATION, labels[rows]


def known() -> tuple[DomainNorm, nn.Linear]:
    """A normalisation that knows the renders, and a head that tells their classes apart."""
    norm, (features, labels) = DomainNorm(WIDTH, CLASSES).eval(), renders()
    norm.set_source(features, labels)
    head = nn.Linear(WIDTH, CLASSES)
    with torch.no_grad():
        head.weight.copy_(4 * norm.class_means)
        head.bias.copy_(-2 * norm.class_means.square().sum(1))
    return norm, head


MIXES = [[100, 100, 100, 100], [300, 20, 20, 20], [200, 200, 0, 0], [0, 0, 150, 0]]


@pytest.mark.parametrize("shares", MIXES)
def test_location_and_scale_are_found_whatever_photos_show(shares: list[int]) -> None:
    norm, head = known()
    features, labels = photos(shares)
    norm.align(features, head)
    mean, variance = norm.source.running_mean, norm.source.running_var
    assert mean is not None and variance is not None
    expected, spread = SCALE * mean + LOCATION, SCALE * variance.sqrt()
    # Of one class alone location and scale can hardly be told apart; what is said of photos is right all the same.
    several = np.count_nonzero(shares) > 1
    assert ((norm.target.running_mean - expected).abs() / spread).max() < (0.15 if several else 0.3)
    assert (norm.target.running_var.sqrt() / spread - 1).abs().max() < 0.25
    answers = head(norm(features, "target")).argmax(1)
    assert (answers == labels).float().mean() > 0.98


@pytest.mark.parametrize("shares", MIXES[1:])
def test_mean_and_variance_of_all_photos_would_mislead(shares: list[int]) -> None:
    head = known()[1]
    features, labels = photos(shares)
    plain = (features - features.mean(0)) / features.std(0)
    assert (head(plain).argmax(1) == labels).float().mean() < 0.9


def test_statistics_are_those_of_the_equations() -> None:
    """A batch in training, by another derivation, in NumPy."""
    norm, _ = known()
    features, labels = photos([30, 5, 5, 0])
    known_classes = nn.functional.one_hot(labels, CLASSES).float()
    norm.align(features, nn.Linear(WIDTH, CLASSES))
    spread = np.sqrt(norm.target.running_var.numpy() + norm.target.eps)
    centres, x = norm.class_means.numpy().astype(float), features.numpy().astype(float)
    mean = np.mean([row - spread * centres[label] for row, label in zip(x, labels.tolist(), strict=True)], axis=0)
    within = np.maximum(1 - np.mean(centres**2, axis=0), 0.05)
    second = np.mean([centres[label] ** 2 for label in labels.tolist()], axis=0) + within
    expected = (x - mean) / np.sqrt(np.mean((x - mean) ** 2, axis=0) / second + norm.target.eps)
    before = copy.deepcopy(norm)
    got = norm.train()(features, "target", known_classes, update_running=False)
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-4, atol=1e-4)
    assert all(torch.equal(one, other) for one, other in zip(norm.buffers(), before.buffers(), strict=True))
    norm(features, "target", known_classes)
    moved = 0.9 * before.target.running_mean.numpy() + 0.1 * mean  # type: ignore[union-attr]
    np.testing.assert_allclose(norm.target.running_mean.numpy(), moved, rtol=1e-4, atol=1e-4)  # type: ignore[union-attr]


def test_a_head_that_is_not_believed_leaves_mean_and_variance_of_all() -> None:
    norm, head = known()
    features, _ = photos([300, 20, 20, 20])
    far = []
    for norm.reliability in (0.0, 0.5, 1.0):
        norm.align(features, head)
        far.append(float((norm.target.running_mean - features.mean(0)).norm()))
    assert far[0] < 1e-4 < far[1] < far[2]
    norm.reliability = 0.0
    norm.align(features, head)
    torch.testing.assert_close(norm(features, "target"), nn.functional.batch_norm(features, None, None, training=True))


def test_classes_that_nobody_knows_leave_mean_and_variance_of_all() -> None:
    norm, features = DomainNorm(WIDTH, CLASSES).train(), photos([50, 50, 50, 50])[0]
    ours = norm(features, "target", torch.full((200, CLASSES), 1 / CLASSES))
    theirs = nn.BatchNorm1d(WIDTH, affine=False).train()(features)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_channels_that_never_vary_stay_numbers() -> None:
    norm, head = known()
    features, labels = renders()
    features[:, 0] = 0.0
    norm.set_source(features, labels)
    norm.align(torch.zeros(5, WIDTH), head)
    assert norm(torch.zeros(2, WIDTH), "target").isfinite().all()


def test_a_class_without_renders_stands_where_all_do() -> None:
    norm, (features, labels) = DomainNorm(WIDTH, CLASSES + 1), renders()
    norm.set_source(features, labels)
    assert not norm.class_means[-1].any() and norm.class_means[:-1].any(dim=1).all()


def test_class_means_follow_the_renders_of_each_batch() -> None:
    norm, (features, labels) = DomainNorm(WIDTH, CLASSES), renders()
    other, _ = known()
    for first in range(0, 400, 20):
        some = slice(first, first + 20)
        norm.follow_classes((features[some] - features.mean(0)) / features.std(0, correction=0), labels[some])
    assert (norm.class_means - other.class_means).abs().max() < 0.15
    before = norm.class_means.clone()
    norm.follow_classes(torch.ones(3, WIDTH), torch.tensor([2, 2, 2]))
    assert torch.equal(before[:2], norm.class_means[:2]) and not torch.equal(before[2], norm.class_means[2])


def test_joint_batches_are_standardised_as_one() -> None:
    """In value, gradient and running statistics as PyTorch's batch normalisation of both in one pass."""
    features = torch.randn(10, 4, generator=torch.Generator().manual_seed(0)) * 3 + 1
    norm, usual = DomainNorm(4, 2).train(), nn.BatchNorm1d(4, affine=False)
    norm.target_statistics = "joint"
    leaves = [features.clone().requires_grad_() for _ in range(2)]
    norm.set_batch_statistics(leaves[0])
    probabilities = torch.full((4, 2), 0.5)
    ours = torch.cat([norm(leaves[0][:6], "source"), norm(leaves[0][6:], "target", probabilities)])
    theirs = usual(leaves[1])
    torch.testing.assert_close(ours, theirs)
    for result in (ours, theirs):
        (result[:6].square().sum() + result[6:].pow(3).sum()).backward()
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad, rtol=1e-4, atol=1e-5)
    norm.eval()
    norm.align(torch.randn(20, 4) + 50, nn.Linear(4, 2))  # photos have none of their own
    assert torch.equal(norm(features, "target"), norm(features, "source"))


def test_domains_keep_their_own_statistics() -> None:
    norm, head = known()
    features, _ = photos([50, 50, 50, 50])
    norm.align(features, head)
    assert norm(features, "target").mean().abs() < 0.1 and norm(features, "source").mean().abs() > 0.3
    assert norm.train()(features[:1], "target").isfinite().all()  # one image has no variance of its own
