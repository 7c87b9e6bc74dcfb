"""What `tools/bench_train.py` measures."""
