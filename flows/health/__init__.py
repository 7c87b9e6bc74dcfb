"""Is all well: `doctor` (this machine and project), `verify` (the artifacts; `consistency` what hashes do not say),
`status` (what is stale, what ran).
"""
