"""Finds the parts in a photo as it is taken: boxes, masks and scores, whatever the parts are called.

From low to high: `surfaces` (what parts lie on, and what else lies there), `camera` (what a phone makes of it),
`composites` (both with renders pasted on them: pictures with exact outlines), `network` (encoder, pyramid, heads),
`targets` (what it shall say of a composite), `losses`, `decode` (from maps to boxes), `masks` (COCO's run lengths),
`finder` (the trained network on disk and in use), `training` (the loop around it all).
"""
