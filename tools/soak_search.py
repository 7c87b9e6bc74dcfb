"""Asks a served project without a pause from many clients, and tells what was answered and how memory went.

    python tools/soak_search.py [PROJECT] [--clients 20] [--seconds 60] [--warm 60]

Photos, several photos of one part, known lengths, the catalogue, and broken files. It prints JSON and ends with 1 where
anything but answers, refusals of the broken files and 503 with Retry-After came, or where the server and the process
that decodes hold more in the last sixth of the time than in the first, by over a tenth.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image

MOST_GROWTH = 1.1
SAMPLE_S = 0.25
READY_S = 120
Files = list[tuple[str, tuple[str, bytes]]]


@dataclass
class Soaked:
    """How often which status came, what must not come, and memory (seconds since the start, bytes)."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0

    @property
    def growth(self) -> float:
        """Mean memory of the last sixth over that of the first."""
        first = [held for when, held in self.memory if when <= self.seconds / 6]
        last = [held for when, held in self.memory if when >= self.seconds * 5 / 6]
        return float(np.mean(last) / np.mean(first))

    def as_dict(self) -> dict[str, Any]:
        held = [round(bytes_ / 1e6) for _, bytes_ in self.memory]
        return {
            "statuses": dict(sorted(self.statuses.items())),
            "faults": self.faults[:20],
            "memory_mb": {"first": held[0], "most": max(held), "last": held[-1]},
            "growth": round(self.growth, 3),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=Path())
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm", type=float, default=60, help="seconds before it counts: 200 answers are kept")
    asked = parser.parse_args()
    with served([sys.executable, "-m", "cad2real", "serve", "--port", "0"], asked.project) as (address, process):
        soak(address, process, asked.clients, asked.warm)
        found = soak(address, process, asked.clients, asked.seconds)
    print(json.dumps(found.as_dict(), indent=1))
    sys.exit(bool(found.faults) or found.growth > MOST_GROWTH)


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Starts a server in `folder`, whose first line is its address, and ends it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split("/ (")[0].strip()
        until = time.monotonic() + READY_S
        with httpx.Client(base_url=address, timeout=READY_S, trust_env=False) as client:
            while (said := _not_ready(client)) is not None:
                if time.monotonic() > until:
                    raise SystemExit(said)
                time.sleep(0.05)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _not_ready(client: httpx.Client) -> str | None:
    """What a server says that is not ready, None of one that is. Its address is printed before it listens."""
    try:
        answer = client.get("/ready")
    except httpx.ConnectError as error:
        return repr(error)
    return None if answer.status_code == 200 else answer.text


def soak(address: str, process: psutil.Process, clients: int, seconds: float) -> Soaked:
    """What `clients` that ask at once for `seconds` are told, and what `process` with its children holds meanwhile."""
    found, lock = Soaked(seconds=seconds), threading.Lock()
    photos = [_jpeg(number) for number in range(8)]
    start = time.monotonic()
    until = start + seconds

    def ask(number: int) -> None:
        with httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
            for turn in count(number):
                if time.monotonic() > until:
                    return
                status, fault = _question(client, turn, photos)
                with lock:
                    found.statuses[status] += 1
                    found.faults += [fault] if fault else []

    threads = [threading.Thread(target=ask, args=(number * 7,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    while (now := time.monotonic()) < until:
        found.memory.append((now - start, _held(process)))
        time.sleep(SAMPLE_S)
    for thread in threads:
        thread.join(150)
    found.faults += ["a client still waits"] * sum(thread.is_alive() for thread in threads)
    return found


def _question(client: httpx.Client, turn: int, photos: list[bytes]) -> tuple[int, str]:
    """Asks the question number `turn`; its status, and what is wrong with it."""
    first, second = photos[turn % len(photos)], photos[(turn + 3) % len(photos)]
    kind, form, good = turn % 10, {}, 200
    files: Files = [("photo", ("p.jpg", first))]
    if kind == 0:
        files, good = (
            [("photo", ("p.jpg", first[: len(first) // 2] + bytes(40)[::-1] if turn % 20 else b"no picture"))],
            400,
        )
    elif kind in (1, 2):
        files.append(("more", ("q.jpg", second)))
    elif kind == 3:
        form = {"reference": "50=20,20,220,20", "box": "100,100,400,400"}
    try:
        answer = client.get("/api/parts") if kind == 4 else client.post("/api/search", files=files, data=form)
    except httpx.HTTPError as error:
        return 0, repr(error)
    if answer.status_code == 503 and "retry-after" in answer.headers:
        return 503, ""
    fine = answer.status_code == good or (kind == 0 and answer.status_code == 200)  # half a photo is often a photo
    return answer.status_code, "" if fine else f"{answer.status_code}: {answer.text[:200]}"


def _jpeg(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    small = rng.integers(60, 200, (60, 80, 3)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(small).resize((1280, 960), Image.Resampling.BICUBIC).save(content, "JPEG", quality=85)
    return content.getvalue()


def _held(process: psutil.Process) -> int:
    held = 0
    for one in (process, *process.children(recursive=True)):
        try:
            held += one.memory_info().rss
        except psutil.NoSuchProcess:  # a decoder that was lost on a broken file
            continue
    return held


if __name__ == "__main__":
    main()
