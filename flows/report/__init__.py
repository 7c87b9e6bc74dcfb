"""The report, one self-contained page: `data` reads the artifacts, `page` fills `templates/` with them, with `charts`,
`tsne_plot`, `thumbnails`, `tables` and `found` (what was found in photos without boxes).
"""
