"""Every loss against numbers: frozen ones, and the plain NumPy of loss_oracle."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from loss_oracle import make_inputs, values

from train.losses import adda, advent, afn, bsp, cdan, coral, dann, entropy, jmmd, mcc, mcd, mdd, mkmmd
from train.losses.parity_values import RULES, Inputs
from train.losses.reversal import reversal_coefficient

# Of the inputs with seed 20, by formulas that were asserted against tllib's own modules. A change in the oracle shows.
FROZEN = {
    "dann.loss@0": 0.7554103738255609,
    "dann.loss_weighted": 0.7939683092445127,
    "cdan.loss": 0.7412377309857812,
    "cdan_e.loss": 0.7352962664826638,
    "cdan_2logit.loss": 0.657233907745004,
    "cdan_rand.loss": 0.6540622136491825,
    "cdan_rand_e.loss": 0.6536527201611882,
    "mcc.T1.0": 0.48131860529766046,
    "mcc.T2.5": 0.669811331967347,
    "mkmmd.quadratic": 0.7285888934052176,
    "mkmmd.linear": 0.8155317758342844,
    "mkmmd.quadratic.example_alphas": 1.0173519501857133,
    "mkmmd.quadratic.identical": -0.035389666231348205,
    "jmmd.quadratic": 0.6531524784864566,
    "jmmd.linear": 0.6378443087957315,
    "coral.tllib": 3.365217743464357,
    "coral.paper": 0.4591508130007228,
    "mdd.margin4": -6.699894776615976,
    "afn.delta0.3": 0.09,
    "bsp": 69.44590848755695,
    "mcd.discrepancy": 0.26640931664797385,
    "mcd.entropy": 1.4297730823594819,
    "adda.discriminator_step": 1.0054191751100752,
    "adda.encoder_step": 0.384911196513856,
    "advent.minent_loss": 0.580564510031669,
    "entropy.tllib_mean": 0.8047933137564608,
}


def ours(inputs: Inputs) -> dict[str, float]:
    """The losses called as a method would call them."""
    names = ("f_s", "g_s", "g_s_adv", "f_t", "g_t", "g_t_adv", "w_s", "w_t")
    fs, gs, gs_adv, ft, gt, gt_adv, ws, wt = (inputs(name) for name in names)
    narrow = (0.5, 1.0, 2.0)
    random_map = cdan.RandomMultilinearMap(*inputs("Rf").shape[:1], *inputs("Rg").shape)
    random_map.feature_map, random_map.class_map = inputs("Rf"), inputs("Rg")

    def conditional(name: str, **options: object) -> torch.Tensor:
        return cdan.conditional_adversarial_loss(inputs.discriminator(name), fs, gs, ft, gt, 0.5, **options)  # type: ignore[arg-type]

    discriminator = inputs.discriminator("disc_dann")
    losses = {
        "dann.loss@0": dann.domain_adversarial_loss(discriminator, fs, ft, 0.0),
        "dann.loss_weighted": dann.domain_adversarial_loss(discriminator, fs, ft, 1.0, ws, wt),
        "cdan.loss": conditional("disc_cdan"),
        "cdan_e.loss": conditional("disc_cdan", entropy_conditioning=True),
        "cdan_2logit.loss": conditional("disc_cdan2"),
        "cdan_rand.loss": conditional("disc_cdanr", random_map=random_map),
        "cdan_rand_e.loss": conditional("disc_cdanr", random_map=random_map, entropy_conditioning=True),
        "mcc.T1.0": mcc.minimum_class_confusion(gt, 1.0),
        "mcc.T2.5": mcc.minimum_class_confusion(gt),
        "mkmmd.quadratic": mkmmd.multi_kernel_mmd(fs, ft, narrow),
        "mkmmd.linear": mkmmd.multi_kernel_mmd(fs, ft, narrow, linear=True),
        "mkmmd.quadratic.example_alphas": mkmmd.multi_kernel_mmd(fs, ft),
        "mkmmd.quadratic.identical": mkmmd.multi_kernel_mmd(fs, fs, narrow),
        "jmmd.quadratic": jmmd.joint_mmd(fs, gs, ft, gt, narrow),
        "jmmd.linear": jmmd.joint_mmd(fs, gs, ft, gt, narrow, linear=True),
        "coral.tllib": coral.moment_alignment(fs, ft),
        "coral.paper": coral.correlation_alignment(fs, ft),
        "mdd.margin4": mdd.margin_disparity(gs, gs_adv, gt, gt_adv),
        "afn.delta0.3": afn.adaptive_feature_norm(fs, 0.3),
        "bsp": bsp.batch_spectral_penalty(fs, ft),
        "mcd.discrepancy": mcd.classifier_discrepancy(gt, gt_adv),
        "mcd.entropy": mcd.class_balance(gt),
        "adda.discriminator_step": adda.discriminator_loss(gs[:, :1], gt[:, :1]),
        "adda.encoder_step": adda.encoder_loss(gt[:, :1]),
        "advent.minent_loss": advent.normalised_entropy(gt),
        "entropy.tllib_mean": entropy.entropy(torch.softmax(gt, 1)).mean(),
    }
    return {name: float(loss.detach()) for name, loss in losses.items()}


def test_losses_are_the_frozen_numbers() -> None:
    assert ours(Inputs(make_inputs())) == pytest.approx(FROZEN, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_losses_are_the_oracle_on_other_inputs(seed: int) -> None:
    arrays = make_inputs(seed)
    assert ours(Inputs(arrays)) == pytest.approx(values(arrays), rel=1e-9)


def test_losses_in_float32_keep_five_digits() -> None:
    single = ours(Inputs(make_inputs(), torch.float32))
    for name, value in FROZEN.items():
        kernels = name.startswith(("mkmmd", "jmmd", "bsp"))
        assert single[name] == pytest.approx(value, rel=2e-4 if kernels else 2e-5), name


def test_reversal_starts_at_nothing_and_ends_near_high() -> None:
    assert reversal_coefficient(0.0) == 0.0
    assert reversal_coefficient(1.0) == pytest.approx(0.9999092)
    assert reversal_coefficient(1.0, high=0.1, alpha=1.0) == pytest.approx(0.04621171572600098)
    ramp = [reversal_coefficient(p) for p in np.linspace(0, 1, 11)]
    assert ramp == sorted(ramp)
    with pytest.raises(ValueError, match="negative"):
        reversal_coefficient(-0.1)


def test_every_frozen_number_has_a_parity_rule() -> None:
    for name in FROZEN:
        assert any(re.fullmatch(pattern, name) for pattern, _ in RULES), name
