"""What is rendered: the part list and the CAD files, read and checked.

`part_list` reads the rows (a workbook through `workbook`), `geometry` the CAD files (USD and .blend through
`scene_files`), `catalogue` joins both into what can be rendered, `measured_sizes` remembers what was read once,
`hull_points` thins points for convex hulls.
"""
