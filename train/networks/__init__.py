"""Networks: `classifier` (backbone, normalisation a domain, head), `backbones` (timm's, and their weights), `attention`
(SwinV2's, fused), `probe_heads` (linear heads on frozen features), `multinomial` (one of many classes), `inference`
(features and probabilities of many images), `foreign_weights` (checked: they may be a stranger's).
"""
