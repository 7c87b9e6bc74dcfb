"""The report, one self-contained page: `data` reads the artifacts, `page` fills `templates/` with them, with `charts`,
`tsne_plot`, `thumbnails`, `tables`, `found` (what was found in photos without boxes) and `left_out` (how parts that are
not in the catalogue are noticed).
"""
