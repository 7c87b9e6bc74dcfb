"""Runs that were recorded: `record` writes a version, `history` lists versions and brings one back, `promote` decides
which model is in use; `sums` are the hashes that versions and promoted models carry.
"""
