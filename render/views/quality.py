"""Quality presets: what Cycles spends on a view."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QualityPreset:
    """What Cycles spends.

    `samples` a pixel; `adaptive_threshold` 0 = every pixel gets them all; `denoiser_quality` FAST, BALANCED or HIGH;
    `prefilter` of the denoiser's albedo and normal passes; `part_only` renders just the part's rectangle of the frame;
    `clamp_indirect` cuts off the rare bright reflections of reflections that few samples would leave as specks.
    """

    samples: int
    denoiser_quality: str
    prefilter: str = "NONE"
    adaptive_threshold: float = 0.0
    part_only: bool = True
    denoise: bool = True
    clamp_indirect: float = 2.0
    filter_glossy: float = 1.0


QUALITY_PRESETS = {
    "draft": QualityPreset(3, "FAST"),
    "standard": QualityPreset(12, "HIGH", clamp_indirect=4.0),
    "high": QualityPreset(128, "HIGH", clamp_indirect=10.0),
    # The settings of SynthNet's renderer, for comparison.
    "synthnet": QualityPreset(
        4096, "HIGH", prefilter="ACCURATE", adaptive_threshold=0.01, part_only=False, clamp_indirect=10.0
    ),
}
CLEAR_SAMPLES = 6
"""Times the samples for parts that one sees through: what shows through cannot be denoised."""
