"""What parts are made of: from words to the parameters of a shader. No Blender here.

`material_words` understands words as people write them (rules in vocabulary.yaml, read by `word_files`, letters made
comparable by `letters`; rules that lie beside a list have `plain_patterns` only), `looks` says which look that is.
`vocabulary` turns (material, surface, color) into one of the
`presets`, tinted by `colors` (names, RAL, #rrggbb); `assignment` says which body has which, `unsaid` what words leave
open, which each view draws from what is `plausible`; `file_materials` are those that a CAD file brings along
(`surface_colors` where it has colours only, `beside` its other files, `gltf_header` what a glTF file says first),
`library` those of a user's own .blend files.
"""
