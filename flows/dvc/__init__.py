"""What DVC needs beside its own commands: `code_versions` (what code made the artifacts), `locks` of killed processes,
`disk_needs` and `disk_space` before a run, `transfer_errors` in one line.
"""
