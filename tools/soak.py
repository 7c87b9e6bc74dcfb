"""Kills runs with kill -9 at random moments and checks that the next run ends in exactly the same renders and squares.

    python tools/soak.py --rounds 20 --seed 0

Each round kills one of: the flow, DVC, a renderer, everything at once. After it no process of ours may be left, and one
rerun has to give the hashes of an undisturbed run. Takes about a minute a round.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

from flows.dvc.cache import folder_hash
from flows.init_project import init_project

REPOSITORY = Path(__file__).parents[1]
PARTS, PHOTOS = 4, 12
SETTINGS = ["render.views=6", "render.size=96", "render.quality=draft", "render.workers=2", "photos.size=128"]
VICTIMS = ("flow", "dvc", "renderer", "everything")
ARTIFACTS = ("renders", "squares")
MARK = "CAD2REAL_SOAK"
END_TIMEOUT_S = 20.0


def make_project(root: Path) -> None:
    """A small project of sample parts and photos."""
    init_project(root)
    source = REPOSITORY / "data" / "parts"
    with (source / "parts.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)[:PARTS]
    with (root / "data" / "parts" / "parts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        shutil.copy(source / row["file"], root / "data" / "parts" / row["file"])
    for number, photo in enumerate(sorted((REPOSITORY / "data" / "photos").rglob("*.jpg"))[:PHOTOS]):
        shutil.copy(photo, root / "data" / "photos" / f"{number:02}.jpg")


class Soak:
    """The project in `root`; processes that it starts carry a mark in their environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mark = uuid.uuid4().hex

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        with (self.root / "soak.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cad2real", "run", "--stage", "photos", *more],
                cwd=self.root,
                env=os.environ | {MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *more: str) -> None:
        if code := self.start(*more).wait():
            last = (self.root / "soak.log").read_text(encoding="utf-8", errors="replace")[-3000:]
            sys.exit(f"{last}\nthe run ended with code {code}")

    def reset(self) -> None:
        """As before the first run, but for Prefect's records."""
        for name in (*(f"data/{name}" for name in ARTIFACTS), "data/logs", "data/cache", ".dvc/cache", ".dvc/tmp"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        for name in ("dvc.lock", "data/catalogue.json", "data/.renders.contents.json"):
            (self.root / name).unlink(missing_ok=True)

    def hashes(self) -> list[str]:
        return [folder_hash(self.root / "data" / name) for name in ARTIFACTS]

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kill(self, victim: str, flow: int, chance: random.Random) -> bool:
        """Kills the victim; False when there is none at this moment."""
        processes = self.processes()
        commands = {"dvc": "dvc repro", "renderer": "spawn_main"}
        if victim == "flow":
            targets = [process for process in processes if process.pid == flow]
        elif victim == "everything":
            targets = processes
        else:
            targets = [process for process in processes if commands[victim] in " ".join(_command(process))]
            targets = [chance.choice(targets)] if targets else []
        for process in targets:
            try:
                process.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        return bool(targets)

    def wait_until_gone(self) -> list[str]:
        """The commands of processes that still run some seconds after the run's end."""
        deadline = time.monotonic() + END_TIMEOUT_S
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.2)
        return [" ".join(_command(process)) for process in self.processes()]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="cad2real-soak-") as folder:
        soak = Soak(Path(folder) / "project")
        make_project(soak.root)
        started = time.monotonic()
        soak.run(*(word for setting in SETTINGS for word in ("--set", setting)))
        duration = time.monotonic() - started
        expected = soak.hashes()
        print(f"an undisturbed run takes {duration:.0f} s", flush=True)
        for number in range(options.rounds):
            victim, moment = VICTIMS[number % len(VICTIMS)], chance.uniform(0.1, 1.0) * duration
            soak.reset()
            flow = soak.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                flow.wait(moment)
            deadline = time.monotonic() + duration
            while not (hit := soak.kill(victim, flow.pid, chance)) and flow.poll() is None:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
            flow.wait()
            remaining = soak.wait_until_gone()
            soak.run()
            same = soak.hashes() == expected
            faults += bool(remaining) or not same
            killed = f"{victim} at {moment:.1f} s" + ("" if hit else " (there was none)")
            verdict = "ok" if same and not remaining else f"FAULT: same artifacts {same}, left over {remaining}"
            print(f"[{number + 1}/{options.rounds}] killed {killed}: {verdict}", flush=True)
    print(f"{options.rounds - faults} passed, {faults} failed")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
