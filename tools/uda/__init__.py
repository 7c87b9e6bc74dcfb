"""The digits check of the adaptation methods: `python tools/bench_uda.py`."""
