"""Is all well: `doctor` (this machine and project), `verify` (the artifacts against their hashes; `consistency` what
hashes do not show, `recorded` what influences results beside them, `second_record` dvc.lock itself), `status` (what is
stale, what ran).
"""
