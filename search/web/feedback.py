"""What people said of answers: an append-only log with the photos, for people. It trains only
where `train.feedback` is true (`photos.feedback_photos` reads it then).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from cad2real.files import atomic_file, parse_json

LOG, PHOTOS = "log.jsonl", "photos"
FIELDS = ("time", "photo", "part_id", "label", "verdict", "answered", "distance", "model_key", "box")
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Said:
    """What somebody said of an answer. `verdict`: `confirmed` or `corrected`; `answered`: the part that stood first,
    at which `distance`; `box`: what of the photo was asked about ("" for all of it).
    """

    part_id: str
    label: str
    verdict: str
    answered: str
    distance: float
    model_key: str
    box: str


def append(folder: Path, answer: str, photos: Sequence[bytes], said: Said) -> list[str]:
    """Adds `said` and its `photos` (JPEG) to the log in `folder`, an entry each, and returns the photos' places in it.
    `answer` names the answer, in letters and digits. What was asked about is the box of the first photo alone.
    """
    names = [f"{PHOTOS}/{answer}.jpg", *(f"{PHOTOS}/{answer}_{number}.jpg" for number in range(2, len(photos) + 1))]
    with _one_at_a_time:
        for number, (name, photo) in enumerate(zip(names, photos, strict=True)):
            if not (folder / name).exists():
                with atomic_file(folder / name) as temporary:
                    temporary.write_bytes(photo)
            of_photo = replace(said, box="") if number else said
            entry = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "photo": name, **asdict(of_photo)}
            with (folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry, ensure_ascii=True) + "\n")
    return names


def entries(folder: Path) -> Iterator[dict[str, object]]:
    """All that was said, oldest first. A line that was cut off (a full disk, a lost machine) is passed over."""
    try:
        lines = (folder / LOG).read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry = parse_json(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def write_csv(folder: Path, out: Path) -> int:
    """Writes the log as a table and returns how many rows it has. What a spreadsheet would take for a formula begins
    with an apostrophe.
    """
    rows = [[_harmless(entry.get(field, "")) for field in FIELDS] for entry in entries(folder)]
    with atomic_file(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([FIELDS, *rows])
    return len(rows)


def _harmless(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
