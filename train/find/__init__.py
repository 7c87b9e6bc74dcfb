"""Trains the finder, which finds the parts in a photo as it is taken (`photos.finder` is the finder in use).

From low to high: `surfaces` (what parts lie on), `pieces` (a render as it lies there), `shadows` (that it throws),
`clutter` (what lies beside it), `scene` (all of it, one over the other), `camera` (what a phone makes of it),
`composites` (pictures made of renders alone, with exact outlines), `photo_scenes` (pictures made of unlabelled photos),
`network` (encoder, pyramid, heads), `export` (it as a file), `targets` (what it shall say of a picture), `losses`,
`scores` (of found boxes), `training` (the loop around it all), `adaptation` (from renders on to photos), `choice`
(whether that was any good, asked without labels), `likeness` (whether photos are better used whole), `need` (whether a
project's photos need a finder, and which).
"""
