"""Part list and CAD files to labelled views.

From low to high: `materials`, `part_lists`, `parts`, `views` (descriptions, no Blender), `blender` (realises them),
`farm` (keeps Blender processes busy), `stage` (a whole run). `seeds` is all randomness, `job` what passes between farm
and Blender, `scratch` folders of a process, `file_signatures` what files begin with; `export`, `contact_sheet`,
`material_sheet` and `bench` look at the results, `list_report` at how a part list is read.

From Python: `parts.catalogue.make_part` or `make_catalogue`, `views.settings.make_settings`, `stage.render_parts`.
"""
