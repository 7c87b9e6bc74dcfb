"""Runs that were recorded: `record` writes a version, `history` lists and brings back, `promote` says which model is in
use.
"""
