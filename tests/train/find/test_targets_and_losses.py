"""Targets say what the composite holds; losses have the right values and gradients; a perfect answer costs nothing."""

import numpy as np
import pytest
import torch

from photos.finder.decode import STRIDE
from train.find.composites import Composite
from train.find.losses import box_loss, centre_loss, finder_losses, foreground_loss
from train.find.network import Maps
from train.find.scene import UNSURE
from train.find.targets import Targets, targets

torch.set_default_dtype(torch.float32)


def scene(
    *boxes: tuple[int, int, int, int], size: int = 64, unsure: tuple[int, int, int, int] | None = None
) -> Composite:
    instances = np.zeros((size, size), np.int16)
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        instances[top:bottom, left:right] = number
    if unsure:
        instances[unsure[1] : unsure[3], unsure[0] : unsure[2]] = UNSURE
    return Composite(np.zeros((3, size, size), np.uint8), instances, np.array(boxes, np.float32).reshape(-1, 4))


def perfect(wanted: Targets) -> Maps:
    """Maps that say what is wanted."""
    share = wanted.foreground.clamp(1e-6, 1 - 1e-6)
    centre = torch.where(wanted.centre == 1, 12.0, -12.0)
    return Maps(torch.logit(share), centre, wanted.reach)


def test_targets_of_two_parts() -> None:
    wanted = targets([scene((8, 8, 24, 16), (40, 32, 56, 60))])
    assert wanted.foreground.shape == (1, 16, 16)
    assert wanted.foreground.sum() * STRIDE**2 == 16 * 8 + 16 * 28
    assert (wanted.centre == 1).sum() == 2
    assert wanted.centre[0, 3, 4] == 1  # the middle (16, 12) lies in that cell
    assert wanted.reach[0, :, 3, 4].tolist() == [10, 6, 6, 2]  # from (18, 14) to the sides
    assert wanted.weight.sum() == pytest.approx(2)
    assert (wanted.sure == 1).all()


def test_the_middle_of_a_ring_belongs_to_it_though_it_shows_the_ground() -> None:
    ring = scene((8, 8, 56, 56))
    ring.instances[20:44, 20:44] = 0
    wanted = targets([ring])
    assert wanted.foreground[0, 8, 8] == 0
    assert wanted.weight[0, 8, 8] > 0
    assert wanted.reach[0, :, 8, 8].tolist() == [26, 26, 22, 22]


def test_nobody_is_asked_where_a_part_is_hidden_too_much_or_for_a_picture_without_parts() -> None:
    wanted = targets([scene(unsure=(0, 0, 16, 16))])
    assert wanted.sure[0, :4, :4].sum() == 0
    assert wanted.sure.sum() == 16 * 16 - 16
    assert wanted.weight.sum() == 0
    assert wanted.centre.max() == 0


def test_the_part_whose_middle_a_cell_is_owns_it_whatever_covers_it() -> None:
    one = scene((0, 0, 64, 64), (28, 28, 40, 40))
    wanted = targets([one])
    assert wanted.weight.sum() == pytest.approx(2)
    assert wanted.reach[0, :, 8, 8].tolist() == [6, 6, 6, 6]  # the small one's: the middles are the same


def test_a_perfect_answer_costs_almost_nothing() -> None:
    wanted = targets([scene((8, 8, 24, 16), (40, 32, 56, 60)), scene()])
    losses = finder_losses(perfect(wanted), wanted)
    assert losses["box"] == pytest.approx(0, abs=1e-4)
    assert losses["centre"] == pytest.approx(0, abs=1e-3)
    assert losses["foreground"] == pytest.approx(0, abs=1e-3)


def test_box_loss_is_one_minus_the_generalised_iou() -> None:
    from torchvision.ops import generalized_box_iou

    rng = torch.Generator().manual_seed(0)
    one, other = torch.rand(2, 50, 4, generator=rng) * 30 + 0.5
    corners = [torch.cat([-each[:, :2], each[:, 2:]], dim=1) for each in (one, other)]
    wanted = 1 - generalized_box_iou(*corners).diagonal()
    weight = torch.rand(50, generator=rng) + 0.1
    said = box_loss(one.T[None, :, :, None], other.T[None, :, :, None], weight[None, :, None])
    assert said == pytest.approx(float((wanted * weight).sum() / weight.sum()), rel=1e-4)


def test_gradients_are_those_of_finite_differences() -> None:
    rng = torch.Generator().manual_seed(1)
    wanted = targets([scene((8, 8, 24, 16), unsure=(40, 40, 50, 50))])
    each = [value.double() for value in (wanted.foreground, wanted.centre, wanted.reach, wanted.weight, wanted.sure)]
    foreground, centre, reach, weight, sure = each
    logits = torch.randn(1, 16, 16, generator=rng).double().requires_grad_()
    sides = (torch.rand(1, 4, 16, 16, generator=rng).double() * 20 + 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: foreground_loss(x, foreground, sure), logits)
    assert torch.autograd.gradcheck(lambda x: centre_loss(x, centre, sure), logits)
    assert torch.autograd.gradcheck(lambda x: box_loss(x, reach, weight), sides)


def test_what_is_said_where_nobody_is_asked_costs_nothing() -> None:
    wanted = targets([scene((8, 8, 24, 16), unsure=(40, 40, 56, 56))])
    maps = perfect(wanted)
    before = {name: float(loss) for name, loss in finder_losses(maps, wanted).items()}
    maps.foreground[0, 10:14, 10:14] = 8.0
    maps.centre[0, 10:14, 10:14] = 8.0
    after = {name: float(loss) for name, loss in finder_losses(maps, wanted).items()}
    assert after == pytest.approx(before)


def test_cells_that_are_half_sure_count_half() -> None:
    """A perfect answer costs nothing however sure it is, and half of all weights with twice the cells is the same."""
    shares = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    right = torch.where(shares == 1, 20.0, -20.0)
    assert foreground_loss(right, shares, torch.full_like(shares, 0.3)).item() == pytest.approx(0, abs=1e-6)
    logits = torch.tensor([[[0.3, -1.0], [2.0, 0.5]]])
    once = foreground_loss(logits, shares, torch.ones_like(shares))
    twice = foreground_loss(logits.repeat(2, 1, 1), shares.repeat(2, 1, 1), torch.full((2, 2, 2), 0.5))
    assert twice.item() == pytest.approx(once.item(), rel=1e-6)
