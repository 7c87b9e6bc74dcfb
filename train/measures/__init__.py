"""Figures of a model: `accuracy`, `calibration` of its confidence, `open_set` (photos of unknown things), `domain_gap`
(how far renders and photos lie apart). They only measure; nothing trains on them.
"""
