"""Part lists as companies and makers have them: found, read and explained, whatever tool or language they come from.

`reader` puts it together. `list_files` makes sheets of rows of a file (`encodings`, which weighs `likely_letters`, and
`delimited` for text; `workbooks` for .xlsx, .xls and .ods, within `workbook_limits`). `tables` finds headers
(`headers`: the vocabulary in headers.yaml; `group_headers`: those of several rows; `unknown_headers`: those in words
that it lacks), `columns` gives each column its role by its header and by what its cells look like (`contents`). `rows`
tells parts from headings, sums and remarks (`row_words`: the vocabulary in rows.yaml; `quantities`), `repeats` what is
only there again. `hierarchy` finds assemblies, `places` where parts stand in them, `ids` makes folder names, `parts`
joins it to parts, `explain` says all of it. `words` compares words.
"""
