"""Simulated photos: Blender pictures that stand in for a phone's photos of parts on a table.

They exist because real photos cannot be shipped with the sample project. Nothing here is shared with the `render`
room, on purpose: light, materials, camera and table differ from the training renders, as a photo would.
Lengths are centimetres in the scene (one Blender unit = 1 cm), pixels in the picture.
"""
