"""Finds the parts in a photo as it is taken: boxes, masks and scores, whatever the parts are called.

From low to high: `overlap` (of boxes), `decode` (from the network's maps to boxes), `masks` (COCO's run lengths),
`look` (a photo through the network, three times), `finder` (the trained network on disk and in use; it is trained by
`cad2real train find`), `subject` (which of several parts a photo is of).
"""
