"""SDAT: smooth domain-adversarial training (Rangwani et al., ICML 2022): gradients are taken where the task is worse.

A partner of the other methods without a loss: its number in `train.adapt.methods` is rho, how far the weights are
perturbed along the gradient of the source's loss before all gradients are taken (the paper: 0.02); see
`train.loop.sharpness`. Costs a forward
and a backward pass of the renders.
"""

from __future__ import annotations

from cad2real.errors import UserError
from train.methods.batch import Method, Setting

LARGEST_RHO = 0.5


class Sdat(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        if not 0 <= setting.weight <= LARGEST_RHO:
            raise UserError(
                f"train.adapt.methods: the number of sdat is rho, from 0 to {LARGEST_RHO}, not {setting.weight:g}.",
                "Try sdat: 0.02.",
            )
        self.sam_rho = setting.weight
