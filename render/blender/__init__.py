"""The only place that imports bpy: realises in Blender what `render.views` describes.

`worker` is the process that takes jobs, `render_part` one part of it, `scene` the Blender scene. Into it go `mesh`,
materials (`body_materials` for each body one of `materials` with `surface_patterns`, of `file_materials` or of the
user's `material_library`), light (`environment_maps`, `table_and_lamps`, `ground`, `ground_surfaces`); out of it come pictures (`cycles`, `device`,
`view_transform`) and exact `passes` (`pass_files`). `scenes` reads USD and .blend files.
"""
