"""What a step does with teacher, ramp and labels of its own making: each was once wrong, and no accuracy showed it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.train.digits import digit_images, digits
from tests.train.digits import task as new_task
from train.loop.schedule import Schedule
from train.loop.task import AdaptationTask
from train.methods.batch import Setting, StepBatch
from train.methods.prior_information import PriorInformation
from train.methods.self_training import SelfTraining
from train.params import AdaptParams


def batch_of(logits: torch.Tensor, teacher: torch.Tensor) -> StepBatch:
    """Photos with the student's `logits` (m, c) and the teacher's probabilities (m, c)."""
    views = torch.zeros(len(logits), 3, 8, 8)
    return StepBatch(
        source_feature=logits,
        source_logits=logits,
        source_labels=torch.zeros(len(logits), dtype=torch.int64),
        target_feature=logits,
        target_logits=logits,
        target_teacher=teacher,
        weak_view=lambda: views,
        strong_view=lambda: views,
        head=torch.nn.Identity(),
        forward_target=lambda images: (logits, logits),
        forward_pairs=lambda pairs, probabilities: (logits, logits, logits),
        render_view=lambda: views,
        sized=False,
        progress=0.5,
    )


def test_the_teacher_keeps_statistics_of_its_own_features() -> None:
    """Once the student's, of steps ago, took their place after every step."""
    data = digits()
    task = new_task(data, {"mcc": 1.0})
    student, teacher = task.student.network, task.teacher.network
    with torch.no_grad():
        for parameter in teacher.backbone.parameters():
            parameter.mul_(2.0)  # features on another scale than the student's
    teacher.norm.align(teacher.pooled_features(teacher.backbone, data.target), teacher.head)
    mean = teacher.norm.target.running_mean
    assert mean is not None
    known = mean.clone()
    images = digit_images(data, np.random.default_rng(0), progress=0.5)
    assert images.weak is not None
    seen = teacher.pooled_features(teacher.backbone, images.weak).mean(dim=0)
    for step in range(2):
        task.losses(images)
        task.update_teacher(step + 10**6, 1.0)  # its weights stay
    assert not torch.equal(mean, known)  # they follow what the teacher sees
    assert (mean - seen).norm() < (known - seen).norm()
    assert (mean - known).norm() < 0.5 * (mean - student.norm.target.running_mean).norm()


def test_statistics_of_renders_stay_those_that_the_student_counts() -> None:
    data = digits()
    task = new_task(data, {})
    student, teacher = task.student.network, task.teacher.network
    task.losses(digit_images(data, np.random.default_rng(0), progress=0.5))
    task.update_teacher(5, 0.9)
    assert torch.equal(teacher.norm.source.running_mean, student.norm.source.running_mean)


@pytest.mark.parametrize("name", ["dann", "cdan", "advent", "mdd", "mcd"])
def test_reversed_gradients_are_ramped_once(name: str) -> None:
    """At a tenth of the way the paper has .462 of the gradient; ramped twice it was .213."""
    data = digits()
    images = digit_images(data, np.random.default_rng(0), progress=0.1)
    early = _gradient(new_task(data, {name: 1.0}), replace(images, progress=0.1), name)
    late = _gradient(new_task(data, {name: 1.0}), replace(images, progress=1.0), name)
    torch.testing.assert_close(early, late * Schedule.ramp(0.1) / Schedule.ramp(1.0), rtol=1e-3, atol=1e-6)


def _gradient(task: AdaptationTask, images: object, name: str) -> torch.Tensor:
    """What the method's loss sends into the backbone through the photos."""
    losses = task.losses(images)  # type: ignore[arg-type]
    features = task.student._passes[0][0]
    losses[name].backward()
    assert features.grad is not None
    return features.grad[len(images.labels) :]  # type: ignore[attr-defined]


def test_other_losses_are_ramped_by_the_loop() -> None:
    data = digits()
    images = digit_images(data, np.random.default_rng(0), progress=0.1)
    early = _gradient(new_task(data, {"mcc": 1.0}), images, "mcc")
    late = _gradient(new_task(data, {"mcc": 1.0}), replace(images, progress=1.0), "mcc")
    torch.testing.assert_close(early, late * Schedule.ramp(0.1) / Schedule.ramp(1.0), rtol=1e-3, atol=1e-6)


def pushed_down(classes: int, images: int, steps: int) -> float:
    """Share of right photos, of evenly mixed classes, whose class the loss makes less probable."""
    rng = torch.Generator().manual_seed(0)
    method = PriorInformation(Setting(8, classes, AdaptParams(), 1.0, 0))
    wrong = right = 0
    for step in range(steps):
        labels = torch.randint(classes, (images,), generator=rng)
        logits = 2.5 * torch.randn(images, classes, generator=rng)
        logits[torch.arange(images), labels] += 5.0
        logits.requires_grad_()
        method.loss(batch_of(logits, logits.detach().softmax(dim=1))).backward()
        if step < steps - 40 or logits.grad is None:
            continue
        known = logits.argmax(dim=1) == labels
        wrong += int((logits.grad[torch.arange(images), labels][known] > 0).sum())
        right += int(known.sum())
    return wrong / right


def test_many_classes_in_few_images_push_no_right_photo_away() -> None:
    assert pushed_down(classes=200, images=32, steps=350) == 0
    assert pushed_down(classes=8, images=32, steps=60) < 0.005  # .02 by the shares of each batch alone


def test_with_all_that_is_known_in_one_batch_the_loss_is_that_of_the_batch() -> None:
    logits = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    method = PriorInformation(Setting(8, 4, AdaptParams(), 1.0, 0))
    expected = logits.log_softmax(1)
    mean = expected.exp().mean(0)
    entropy = -(expected.exp() * expected).sum(1).mean()
    assert method.loss(batch_of(logits, logits.softmax(1))).item() == pytest.approx(
        (entropy + (mean * (4 * mean).log()).sum()).item(), abs=1e-6
    )


def test_guesses_of_a_teacher_at_chance_are_never_believed() -> None:
    """Thresholds sink with the teacher's confidence, and once accepted four fifths of its guesses."""
    rng = torch.Generator().manual_seed(0)
    method = SelfTraining(Setting(8, 10, AdaptParams(), 1.0, 0))
    for _ in range(200):
        teacher = (0.3 * torch.randn(32, 10, generator=rng)).softmax(dim=1)
        loss = method.loss(batch_of(torch.zeros(32, 10), teacher))
    assert method.class_confidence.max() < 0.3
    assert loss is not None and loss.item() == 0


def test_a_class_that_is_hard_still_gets_a_lower_threshold() -> None:
    method = SelfTraining(Setting(8, 2, AdaptParams(), 1.0, 0))
    teacher = torch.tensor([[0.62, 0.38], [0.05, 0.95]])
    for _ in range(200):
        loss = method.loss(batch_of(torch.zeros(2, 2), teacher))
    assert loss is not None and loss.item() == pytest.approx(np.log(2))  # both believed, though .62 is below .8
