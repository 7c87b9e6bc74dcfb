"""CDAN+E: CDAN in which certain rows count up to twice as much, w = 1 + e^(-H) (Long et al., NeurIPS 2018, eq. 8)."""

from __future__ import annotations

from train.methods.cdan import Cdan


class CdanE(Cdan):
    entropy_conditioning = True
