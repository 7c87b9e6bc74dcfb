"""What parts are made of: from words to the parameters of a shader. No Blender here.

`vocabulary` turns (material, surface, color) into one of the `presets`, tinted by `colors` (names, RAL, #rrggbb);
`assignment` says which body has which; `file_materials` are those that a GLB or GLTF file brings along, `library` those
of a user's own .blend files.
"""
