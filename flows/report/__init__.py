"""The report, one self-contained page: `data` gathers, `page` fills `templates/`, with `charts`, `map`, `pictures` and
`tables`.
"""
