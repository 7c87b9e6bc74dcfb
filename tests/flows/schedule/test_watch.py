"""The watch runs at the start, after changes that have settled, and once more for changes during a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from flows.schedule.watch import watch_project, watched_paths

PATIENCE_S = 60  # a deadline for loaded machines, not a measure


class Watch:
    """A watch in a thread; each run puts what parts.csv held into `runs` and waits for `proceed` if `hold` is set."""

    def __init__(self, project: Path, poll_s: float | None) -> None:
        self.runs: Queue[str] = Queue()
        self.hold = False
        self.proceed = threading.Event()
        self.answer = True
        self.stop = threading.Event()
        self._parts = project / "data" / "parts" / "parts.csv"
        self._thread = threading.Thread(
            target=watch_project,
            args=(project, self._run),
            kwargs={"poll_s": poll_s, "settle_s": 0.3, "stop": self.stop},
        )

    def _run(self) -> bool:
        self.runs.put(self._parts.read_text())
        if self.hold:
            self.proceed.wait(PATIENCE_S)
        return self.answer

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.proceed.set()
        self.stop.set()
        self._thread.join(PATIENCE_S)

    def next_run(self) -> str:
        return self.runs.get(timeout=PATIENCE_S)


@pytest.fixture(params=[None, 0.2], ids=["events", "polling"])
def start(request: pytest.FixtureRequest, project: Path) -> Iterator[Callable[[], Watch]]:
    (project / "data" / "photos").mkdir()
    yield lambda: Watch(project, request.param)


def test_changes_lead_to_runs_and_failures_do_not_end_it(project: Path, start: Callable[[], Watch]) -> None:
    with start() as watch:
        assert watch.next_run() == "bolt\n"
        watch.answer = False
        (project / "params.yaml").write_text("catalogue: {}\ntrain: {epochs: 3}\n")
        assert watch.next_run() == "bolt\n"
        (project / "data" / "parts" / "parts.csv").write_text("nut\n")
        assert watch.next_run() == "nut\n"


def test_changes_during_a_run_lead_to_one_more(project: Path, start: Callable[[], Watch]) -> None:
    with start() as watch:
        watch.hold = True
        watch.next_run()
        for number in range(5):
            (project / "data" / "photos" / f"{number}.jpg").write_text("2")
            watch.stop.wait(0.1)
        watch.proceed.set()
        watch.next_run()
        watch.stop.wait(3)
        assert watch.runs.empty()


def test_what_is_watched_paths(project: Path) -> None:
    (project / "maps").mkdir()
    (project / "params.yaml").write_text("render: {environments: {folder: maps}}\n")
    (project / "data" / "photos").mkdir(exist_ok=True)
    wanted = [project / name for name in ("data/parts", "data/photos", "maps", "params.yaml")]
    assert watched_paths(project) == [path.resolve() for path in wanted]
    (project / "params.yaml").write_text("render: nonsense\n")
    assert project / "params.yaml" in watched_paths(project)


def test_a_link_that_leads_nowhere_starts_a_run_which_lists_it(project: Path, start: Callable[[], Watch]) -> None:
    with start() as watch:
        watch.next_run()
        (project / "data" / "photos" / "dead.jpg").symlink_to("/gone/away.jpg")
        watch.next_run()
        (project / "data" / "photos" / "circle.jpg").symlink_to("circle.jpg")
        watch.next_run()
