"""Every adaptation method on digits: MNIST (5,000) -> USPS and -> MNIST-M, from a network of LeNet's size.

    python tools/bench_uda.py [--digits DIR] [--seeds 0 1 2] [--rows NAME ...]

DIR holds mnist5k.npz, usps.npz and mnist_m.npz (tools/uda/digits.py); by default DIGITS of the environment. Target
labels only score. Written to data/reports/uda.json after each run: what is there is not run again, so a killed check
goes on.
Printed at the end: the table of docs/reference/uda_benchmark.md.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from cad2real.files import write_json
from cad2real.layout import Layout
from tools.uda.digits import PAIRS, read_mnist, read_pair
from tools.uda.settings import adapt_params, rows, source_params
from tools.uda.shared_images import SharedStepImages
from tools.uda.table import fall_back_line, markdown
from tools.uda.trial import Trial, adapted, source_only

DIGITS = Path("../shared/benchmarks/digits")


def stored_trials(report: Path) -> list[Trial]:
    if not report.is_file():
        return []
    return [Trial(**entry) for entry in json.loads(report.read_text(encoding="utf-8"))["trials"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=Path, default=Path(os.environ.get("DIGITS", DIGITS)))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", nargs="+", choices=list(rows()), default=list(rows()), metavar="NAME")
    wanted = parser.parse_args()
    report = Layout().reports / "uda.json"
    trials = stored_trials(report)
    done = {(trial.pair, trial.row, trial.seed) for trial in trials}
    for seed in wanted.seeds:
        left = [(pair, row) for pair in PAIRS for row in wanted.rows if (pair, row, seed) not in done]
        if not left:
            continue
        start = source_only(read_mnist(wanted.digits, seed), source_params(seed))
        pairs = {name: read_pair(wanted.digits, name, seed) for name in PAIRS}
        images = SharedStepImages()
        for pair, row in left:
            trial = adapted(row, pairs[pair], start, adapt_params(seed, rows()[row]), images)
            trials.append(trial)
            write_json(report, {"trials": [each.as_dict() for each in trials]})
            print(f"{pair:8} seed {seed} {trial.source_only:.3f} -> {trial.accuracy:.3f}  {row}", flush=True)
    print(markdown(trials))
    print(fall_back_line(trials))


if __name__ == "__main__":
    main()
