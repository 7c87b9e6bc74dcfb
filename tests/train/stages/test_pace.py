"""PACE: alignment of covariances, pseudo-labels and an ensemble of heads on frozen features."""

from __future__ import annotations

import numpy as np
import torch

from train.networks.probe_heads import fit_head
from train.params import ProbeParams
from train.stages.pace import aligned_covariances, pace, surest

PARAMS = ProbeParams()
STRETCH = np.array([[1.0, 0.4, 0.0], [0.4, 0.5, 0.0], [0.0, 0.0, 3.0]])  # symmetric: what CORAL can undo


def classes_of_features(rng: np.random.Generator, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 3) of three classes, and their labels (n,)."""
    centres = np.array([[2.0, 0.0, 0.0], [-1.0, 2.0, 0.0], [-1.0, -2.0, 1.0]])
    labels = np.repeat(np.arange(3), each)
    return centres[labels] + 0.5 * rng.normal(size=(3 * each, 3)), labels


def test_renders_get_the_mean_and_the_covariance_of_the_photos() -> None:
    rng = np.random.default_rng(0)
    renders, photos = rng.normal(size=(4000, 3)), rng.normal(size=(4000, 3)) @ STRETCH + 7
    aligned, (own,) = aligned_covariances(renders, photos[None])
    assert np.abs(aligned.mean(axis=0) - own.mean(axis=0)).max() < 0.01
    assert np.abs(np.cov(aligned.T) - np.cov(own.T)).max() < 0.02


def test_a_feature_that_never_changes_and_fewer_images_than_features_give_numbers() -> None:
    rng = np.random.default_rng(0)
    renders, photos = rng.normal(size=(6, 20)), rng.normal(size=(2, 5, 20))
    renders[:, 3], photos[..., 3] = 1, 1
    assert all(np.isfinite(features).all() for features in aligned_covariances(renders, photos))


def test_photos_of_another_mean_and_covariance_are_named_better_than_by_a_head_on_renders_alone() -> None:
    rng = np.random.default_rng(1)
    renders, labels = classes_of_features(rng, 60)
    plain, truth = classes_of_features(rng, 60)
    photos = plain @ STRETCH + np.array([4.0, -1.0, 2.0])
    source = torch.from_numpy(renders).float()
    weight, bias = fit_head(source, labels, 3, PARAMS, 0)
    alone = ((torch.from_numpy(photos).float() @ weight.T + bias).argmax(1).numpy() == truth).mean()
    answers = pace(source, labels, photos[None], 3, PARAMS, 0)
    assert np.allclose(answers.sum(axis=1), 1)
    assert (answers.argmax(axis=1) == truth).mean() > max(0.95, alone + 0.1)
    assert np.array_equal(answers, pace(source, labels, photos[None], 3, PARAMS, 0))


def test_the_surest_of_each_class_are_kept_and_one_of_a_rare_one() -> None:
    answers = np.array([[0.9, 0.1, 0], [0.6, 0.4, 0], [0.8, 0.2, 0], [0.7, 0.3, 0], [0.3, 0.3, 0.4]])
    rows, labels = surest(answers, 0.5)
    assert rows.tolist() == [0, 2, 4] and labels.tolist() == [0, 0, 2]
