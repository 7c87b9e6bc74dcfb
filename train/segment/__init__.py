"""Segmentation: the class of every pixel of a photo as it is taken, learned from composites of renders and adapted to
unlabelled photos.

From low to high: `network` (the finder's encoder and pyramid, a class for each pixel), `classes` (what is told apart),
`pictures` (composites with their classes, pieces of photos), `methods` (adaptation on maps, a file each), `training`
(the loop around it all), `palette` (classes as colours), `prediction` (a photo's class map), `coco` (masks in COCO's
form, read and written), `scores` (IoU, and agreement with boxes), `choice` (whether adaptation was any good, asked
without labels), `model` (on disk and in use), `masks` (of photos, as files), `evaluation` (against given masks or
boxes).
"""
