"""What each picture of a part shows, described without Blender.

`description` is the whole of it and the content key; the rest is one decision a file: `samplers` from where (over
`resting_poses` and `placing`, with `outlines`), `cameras` the matrices, `lighting` which light, `environment_maps` and
`environment_projection` the maps, `metering` the exposure, `backgrounds` what is baked in behind, `quality` how many
samples, `settings` what holds for all parts of a run, `settings_files` the files that it names, `file_sizes` what a
view takes on disk.
"""
