"""What holds for all tests: small thread pools (many waiting threads are slow on a busy machine) and no telemetry."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
