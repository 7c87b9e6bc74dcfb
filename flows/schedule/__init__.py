"""Runs that start by themselves: `watch` on every change, `nightly` on a schedule, `next_run` when that is."""
