"""The sharpness-aware step: weights are perturbed by rho along the task's gradient and restored to the bit, also after
an error.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from train.loop.sharpness import gradient_norm, perturbed_weights


def _net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))


def _with_gradients(net: nn.Module) -> list[nn.Parameter]:
    torch.autograd.backward(net(torch.ones(3, 4)).square().mean())
    return list(net.parameters())


def test_weights_move_by_rho_along_the_gradient_and_return_exactly() -> None:
    parameters = _with_gradients(_net())
    before = [p.detach().clone() for p in parameters]
    gradients = [p.grad.clone() for p in parameters if p.grad is not None]
    with perturbed_weights(parameters, rho=0.05) as norm:
        moves = [p.detach() - q for p, q in zip(parameters, before, strict=True)]
    assert norm == pytest.approx(torch.cat([g.flatten() for g in gradients]).norm().item())
    assert torch.cat([m.flatten() for m in moves]).norm() == pytest.approx(0.05, rel=1e-4)
    for move, gradient in zip(moves, gradients, strict=True):
        torch.testing.assert_close(move, gradient * 0.05 / norm, rtol=1e-3, atol=1e-6)
    assert all(torch.equal(p, q) for p, q in zip(parameters, before, strict=True))


def test_returns_after_an_error_in_the_block() -> None:
    parameters = _with_gradients(_net())
    before = [p.detach().clone() for p in parameters]
    with pytest.raises(RuntimeError, match="broke"), perturbed_weights(parameters):
        raise RuntimeError("broke")
    assert all(torch.equal(p, q) for p, q in zip(parameters, before, strict=True))


def test_the_optimiser_steps_from_w_with_the_second_gradient() -> None:
    """On w^2 / 2 at w = 2: perturbed to 2 + rho, gradient there 2 + rho, step from 2."""
    w = nn.Parameter(torch.tensor([2.0]))
    optimizer = torch.optim.SGD([w], lr=0.1)
    torch.autograd.backward((w**2 / 2).sum())
    with perturbed_weights([w], rho=0.5):
        optimizer.zero_grad()
        torch.autograd.backward((w**2 / 2).sum())
    optimizer.step()
    assert w.item() == pytest.approx(2.0 - 0.1 * 2.5)


def test_parameters_without_gradient_and_zero_gradients_stay() -> None:
    frozen, still = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(2))
    still.grad = torch.zeros(2)
    with perturbed_weights([frozen, still]) as norm:
        assert norm == 0.0 and torch.equal(frozen, torch.ones(3)) and torch.equal(still, torch.ones(2))
    assert gradient_norm([frozen]) == 0.0
