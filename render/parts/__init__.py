"""What is rendered: the part list and the CAD files, read and checked.

`part_list` reads the rows (a workbook through `workbook`), `geometry` the CAD files (USD and .blend through
`scene_files`), `cad_reader` does so in a process that may be lost; `catalogue` joins both into the parts that can be
rendered, `size_cache` keeps their sizes from run to run, `hull_points` thins points for convex hulls.
"""
