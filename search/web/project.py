"""What the page tells of the project besides its index: its last recorded run, its report, the photos of a part."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout
from photos.manifest import MANIFEST, read_manifest

REPORT = "report.html"
MOST_PHOTOS = 12  # of a part


@dataclass(frozen=True)
class Run:
    """A recorded run: when it `started` (as written), how many stages it ran, and their seconds together."""

    started: str
    stages: int
    seconds: float


def last_run(root: Path) -> Run | None:
    """The run that was recorded last in versions/, None where there is none that can be read."""
    found: list[tuple[int, str, Run]] = []
    for file in sorted((root / "versions").glob("[!.]*/run.json")):
        try:
            said = read_json(file, "started", "stages")
            seconds = sum(float(stage["seconds"]) for stage in said["stages"])
            run = Run(str(said["started"]), len(said["stages"]), seconds)
            found.append((int(said.get("sequence", 0)), file.parent.name, run))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return max(found, key=lambda one: one[:2])[2] if found else None


def report_of(layout: Layout) -> Path | None:
    """The report's page, None where none was made."""
    path = layout.reports / REPORT
    return path if path.is_file() else None


@dataclass
class LabelledPhotos:
    """The square photos in `folder` by their labels; read again when photos.csv is another one."""

    folder: Path
    _version: tuple[int, int] | None = None
    _by_label: dict[str, list[str]] = field(default_factory=dict)
    _names: frozenset[str] = frozenset()

    def of(self, label: str) -> list[str]:
        """Names of at most MOST_PHOTOS squares with this label."""
        self._read()
        return self._by_label.get(label, [])[:MOST_PHOTOS]

    def path(self, name: str) -> Path | None:
        """The square of this name, None where photos.csv has no labelled one: no path comes from a client."""
        self._read()
        return self.folder / name if name in self._names else None

    def _read(self) -> None:
        try:
            state = (self.folder / MANIFEST).stat()
            version = (state.st_mtime_ns, state.st_ino)
            if version == self._version:
                return
            by_label = defaultdict(list)
            for row in read_manifest(self.folder):
                if row.label and not row.duplicate_of:
                    by_label[row.label].append(row.square)
        except (OSError, UserError):
            version, by_label = None, defaultdict(list)
        self._version, self._by_label = version, dict(by_label)
        self._names = frozenset(name for names in by_label.values() for name in names)
