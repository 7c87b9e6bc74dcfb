"""Quality presets: what Cycles spends on a view."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """`samples` a pixel; `adaptive_threshold` 0 = every pixel gets them all; `denoiser_quality` FAST, BALANCED or HIGH;
    `prefilter` of the denoiser's albedo and normal passes; `part_only` renders just the part's rectangle of the frame.
    """

    samples: int
    denoiser_quality: str
    prefilter: str = "NONE"
    adaptive_threshold: float = 0.0
    part_only: bool = True


PRESETS = {
    "draft": Preset(8, "FAST"),
    "standard": Preset(12, "FAST"),
    "high": Preset(64, "HIGH"),
    # The settings of SynthNet's renderer, for comparison.
    "synthnet": Preset(4096, "HIGH", prefilter="ACCURATE", adaptive_threshold=0.01, part_only=False),
}
