"""Scenes of many parts, described without Blender: what lies where, what light and which camera there are.

`description` is what scene.json holds, and all that a picture is made of; `solids` are bodies as layouts see them,
`scattered` lays them on a table, `surroundings` draws camera, light, ground, bin and things that are no part;
`settings` hold for all scenes, `truth` is what is known of a picture. `finished` reads scenes that
are, `coco`, `yolo` and `bop` export them, `links` without their bytes twice.
"""
