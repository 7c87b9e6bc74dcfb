"""Trains the finder, which finds the parts in a photo as it is taken (`photos.finder` is the finder in use).

From low to high: `surfaces` (what parts lie on), `clutter` (what lies beside them), `camera` (what a phone makes of
it), `composites` (all of it with renders pasted on: pictures with exact outlines), `network` (encoder, pyramid, heads),
`targets` (what it shall say of a composite), `losses`, `scores` (of found boxes), `training` (the loop around it all),
`export` (the trained network as a file), `need` (whether a project's photos need a finder, and which).
"""
