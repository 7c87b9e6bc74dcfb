"""The only place that imports bpy: realises in Blender what `render.views` and `render.scenes` describe.

`worker` is the process that takes jobs, `render_part` one part of it, `scene` the Blender scene. Into it go `mesh`; a
material for each body (`body_materials`) from the presets (`materials`, `surface_patterns`), the CAD file
(`file_materials`) or the user's `material_library`; light (`environment_maps`, `table_and_lamps`) and `ground`
(`ground_surfaces`). Out of it come pictures (`cycles`, `device`, `view_transform`) and exact `passes` (`pass_files`).
`scenes` reads USD and .blend files; `outside_data` and `own_nodes` see to it that a .blend reads no others; `tabletop`
has the scenes of many parts.
"""
