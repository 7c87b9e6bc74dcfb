"""Measures the search: `python tools/bench_search.py [PROJECT] [--parts 10000] [--edge-views 64000]` prints JSON.

Wall times and CPU seconds, and how loaded the machine was: on a shared one only the CPU seconds mean something. The
project needs an index (`cad2real run`); catalogues larger than it are random vectors, 32 around each part's own.
Starts are those of an installed program, whose byte code is there: where PYTHONDONTWRITEBYTECODE is set, and code was
never compiled, Python compiles some 900 modules at each start, which doubles it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image

from search.index import Index, IndexedPart
from search.principal import principal_components
from search.ranking import Queries, nearest_parts, part_similarities
from search.stores.qdrant_edge import EdgeStore
from search.stores.store import PartRows

VIEWS, NUMBERS, RECALL_AT = 32, 1280, 10
AT_ONCE = 1000  # parts that are made at once
TWELVE_MEGAPIXELS = (4000, 3000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=Path())
    parser.add_argument("--parts", type=int, default=10_000)
    parser.add_argument("--edge-views", type=int, default=64_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--only-edge", action="store_true", help="nothing but Qdrant's engine")
    asked = parser.parse_args()
    before, found = load(), dict[str, Any]()
    if not asked.only_edge:
        found = measured(asked)
    found["qdrant_edge"] = edge(asked.edge_views // VIEWS, asked.queries)
    found["machine"] = {"cores": os.process_cpu_count(), "load_before": before, "load_after": load()}
    print(json.dumps(found, indent=1))


def load() -> float:
    """How many processes wanted to run, as a mean of the last minute: above the cores no wall time means anything."""
    return round(os.getloadavg()[0], 1)


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """All but Qdrant's engine."""
    with tempfile.TemporaryDirectory() as byte_code:
        environment = installed(Path(byte_code))
        with started(asked.project, environment):
            pass  # compiles what the next start finds
        found: dict[str, Any] = {"server": server(asked.project, asked.queries, environment)}
        shell(asked.project, environment)
        found["shell"] = shell(asked.project, environment)
    return {**found, "index": large_index(asked.parts, asked.queries)}


def installed(byte_code: Path) -> dict[str, str]:
    """The environment of programs that keep what they compile in the folder `byte_code`."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "PYTHONPYCACHEPREFIX": str(byte_code)}


def photo_of(size: tuple[int, int]) -> bytes:
    """A photo with a blob on a noisy table: how long its decoding takes depends on its detail."""
    rng = np.random.default_rng(0)
    small = rng.integers(90, 150, (size[1] // 8, size[0] // 8, 3)).astype(np.uint8)
    middle = slice(small.shape[0] // 3, 2 * small.shape[0] // 3), slice(small.shape[1] // 3, 2 * small.shape[1] // 3)
    small[middle] //= 3
    content = io.BytesIO()
    Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=90)
    return content.getvalue()


def quantiles(seconds: list[float]) -> dict[str, float]:
    return {f"p{share}_ms": round(float(np.percentile(seconds, share)) * 1000, 1) for share in (50, 99)}


@contextmanager
def started(project: Path, environment: Mapping[str, str]) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """A server that is ready, with a client of it."""
    command = [sys.executable, "-m", "cad2real", "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split("/ (")[0]
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            while client.get("/ready").status_code != 200:
                time.sleep(0.02)
            yield client, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def server(project: Path, queries: int, environment: Mapping[str, str]) -> dict[str, Any]:
    """Start-up until it is ready, then warm answers to a 12 MP photo sent whole and to one of 1,280 px."""
    start = time.perf_counter()
    with started(project, environment) as (client, own):
        found: dict[str, Any] = {"ready_s": round(time.perf_counter() - start, 2)}
        found["ready_cpu_s"] = round(cpu_seconds(own), 2)
        for name, size in (("12_megapixels", TWELVE_MEGAPIXELS), ("1280_px", (1280, 960))):
            content = photo_of(size)
            asked = lambda content=content: client.post("/api/search", files={"photo": content}).raise_for_status()  # noqa: E731
            asked()
            before = cpu_seconds(own)
            found[name] = {"bytes": len(content), **quantiles(timed(asked, queries))}
            found[name]["cpu_ms"] = round((cpu_seconds(own) - before) / queries * 1000, 1)
        found["memory_mb"] = sum(one.memory_info().rss for one in family(own)) // 1_000_000
    return found


def family(process: psutil.Process) -> list[psutil.Process]:
    """`process` with those that it started: photos are decoded in one of them."""
    return [process, *process.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in family(process))


def timed(work: Callable[[], object], times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def shell(project: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """`cad2real search PHOTO --box`, with the interpreter's start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(photo_of((1280, 960)))
        command = [sys.executable, "-m", "cad2real", "search", str(path), "--box", "400,300,800,700"]
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL, env=environment)
        after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall_s": round(time.perf_counter() - start, 2), "cpu_s": round(cpu, 2)}


def part_vectors(parts: int, seed: int = 0) -> np.ndarray:
    """(parts * VIEWS, NUMBERS) of length 1: views of a part lie around its own direction."""
    basis = np.random.default_rng(0).normal(0, 1, (64, NUMBERS)).astype(np.float32)  # those of networks span few
    rng = np.random.default_rng([seed, 1])
    centres = rng.normal(0, 1, (parts, 64)).astype(np.float32)
    rows = np.repeat(centres, VIEWS, axis=0) + rng.normal(0, 0.7, (parts * VIEWS, 64)).astype(np.float32)
    vectors: np.ndarray = rows @ basis
    vectors += 0.5 * rng.standard_normal(vectors.shape, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def queries_of(vectors: np.ndarray, count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    some = vectors[rng.integers(0, len(vectors), count)] + rng.normal(0, 0.02, (count, NUMBERS)).astype(np.float32)
    return (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)


def index_of(vectors: np.ndarray, *, short: bool) -> Index:
    count = len(vectors) // VIEWS
    parts = tuple(IndexedPart(f"p{number}", f"p{number}", "") for number in range(count))
    views = tuple(f"p{row // VIEWS}/{row % VIEWS}.png" for row in range(len(vectors)))
    of_parts = np.repeat(np.arange(count), VIEWS)
    return Index(vectors, parts, of_parts, views, "adapt", "key", principal_components(vectors) if short else None)


def recall(found: list[list[str]], expected: list[list[str]]) -> float:
    return round(float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, expected, strict=True)])), 4)


def large_index(parts: int, count: int) -> dict[str, Any]:
    vectors = part_vectors(parts)
    asked = queries_of(vectors, count)
    found: dict[str, Any] = {"parts": parts, "views": len(vectors)}
    answers = {}
    for name, index in (("exact", index_of(vectors, short=False)), ("two_stages", index_of(vectors, short=True))):
        ask = lambda query, index=index: nearest_parts(index, Queries(query[None]), RECALL_AT)[0]  # noqa: E731
        ask(asked[0])
        cpu, start = time.process_time(), time.perf_counter()
        answers[name] = [[match.part_id for match in ask(query)] for query in asked]
        found[name] = {
            "ms": round((time.perf_counter() - start) / count * 1000, 1),
            "cpu_ms": round((time.process_time() - cpu) / count * 1000, 1),
        }
    found["recall_at_10"] = recall(answers["two_stages"], answers["exact"])
    return found


def chunks(parts: int) -> Iterator[tuple[range, np.ndarray]]:
    """Parts with their vectors, AT_ONCE parts at a time: a million are 5 GB, and are never all in memory."""
    for start in range(0, parts, AT_ONCE):
        some = range(start, min(parts, start + AT_ONCE))
        yield some, part_vectors(len(some), seed=1 + start)


def edge(parts: int, count: int) -> dict[str, Any]:
    """A store of so many parts, filled, asked, and compared with the exact answer."""
    first = next(chunks(parts))[1]
    asked = queries_of(first[:: max(1, len(first) // count)], count)
    numbers, likeness = np.zeros((count, 0), np.int64), np.zeros((count, 0), np.float32)
    own = psutil.Process()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        store = EdgeStore(Path(folder) / "store", NUMBERS)
        put = 0.0
        for some, vectors in chunks(parts):
            index = index_of(vectors, short=False)
            similar = part_similarities(index, asked)
            numbers = np.concatenate([numbers, np.tile(np.array(some), (count, 1))], axis=1)
            likeness = np.concatenate([likeness, similar], axis=1)
            before = time.process_time()
            for place, number in enumerate(some):
                rows = slice(place * VIEWS, (place + 1) * VIEWS)
                names = tuple(f"p{number}/{view}.png" for view in range(VIEWS))
                store.add(PartRows(IndexedPart(f"p{number}", f"p{number}", ""), vectors[rows], names))
            put += time.process_time() - before
            print(f"{some.stop} of {parts} parts", file=sys.stderr, flush=True)
        start, before = time.perf_counter(), time.process_time()
        store.settle()
        graph_s, graph_cpu_s = time.perf_counter() - start, time.process_time() - before
        store.close()
        store = EdgeStore(Path(folder) / "store", NUMBERS)  # as a server opens it
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        nearest = np.argsort(-likeness, axis=1)[:, :RECALL_AT]
        expected = [[f"p{number}" for number in row] for row in np.take_along_axis(numbers, nearest, axis=1)]
        store.search(asked[0], RECALL_AT)
        before, found, seconds = time.process_time(), [], []
        for query in asked:
            start = time.perf_counter()
            found.append([hit.part_id for hit in store.search(query, RECALL_AT)])
            seconds.append(time.perf_counter() - start)
        cpu = time.process_time() - before
        memory = own.memory_info()
        store.close()
    return {
        "views": parts * VIEWS,
        "put_cpu_s": round(put, 1),
        "graph_s": round(graph_s, 1),
        "graph_cpu_s": round(graph_cpu_s, 1),
        "disk_mb": size // 1_000_000,
        "memory_mb": {"all": memory.rss // 1_000_000, "of_files": memory.shared // 1_000_000},
        **quantiles(seconds),
        "cpu_ms": round(cpu / count * 1000, 1),
        "recall_at_10": recall(found, expected),
    }


if __name__ == "__main__":
    main()
