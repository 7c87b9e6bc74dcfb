"""What is rendered: the part list and the CAD files, read and checked.

`company_list` turns any part list into rows: `part_list` reads the simple one (whose table `simple_table` finds),
`render.part_lists` all others, and `cad_files` finds the CAD of their parts, `company_assemblies` what is only in an
assembly. `geometry` reads CAD files: STEP through
`step_files` (`step_text` is what their text says, `step_strings` its letters, `step_split` cuts parts out of
assemblies), 3MF through `threemf_files`, USD and .blend through `scene_files` (`usd_files` refuses USD that reads
others), all others through `mesh_files`. `cad_reader` does so in a process that may be lost; `catalogue` joins all into
the parts that can be rendered, `size_cache` keeps their sizes from run to run, `hull_points` thins points for convex
hulls, `sheets` gives sheets without thickness two sides again.
"""
