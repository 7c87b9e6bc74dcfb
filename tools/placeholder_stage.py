"""Takes the place of the stages whose work is not to be measured: writes small files, as many as the real stage would.

    python tools/placeholder_stage.py render

`render` is the real stage with a farm that writes placeholder views; the others write what the report reads.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

from cad2real.cli import main
from cad2real.files import write_json
from cad2real.layout import Layout
from render.farm import local_farm
from render.farm.queue import FarmEvents
from render.job import Job
from render.views.description import content_key

SIZE = 32
NUMBERS = [[901.665902, 0.0, 256.0], [0.346663311, 0.683861338, -0.641995498], [0.82918394, 0.096539676, 0.550576138]]


def draw(jobs: list[Job], workers: int, logs: Path, view_limit_s: float, events: FarmEvents) -> None:
    """In place of `local_farm.run`."""
    for job in jobs:
        key = content_key(job.part, job.settings)
        job.folder.mkdir()
        views = []
        for number in range(job.settings.views):
            name = f"view_{number:03d}.png"
            # No two pictures are equal, as with real ones.
            shade = (int(key[:2], 16), int(key[2:4], 16), number, 255)
            picture = Image.new("RGBA", (SIZE, SIZE), shade)
            picture.putpixel((0, 0), (int(key[4:6], 16), int(key[6:8], 16), int(key[8:10], 16), 255))
            picture.save(job.folder / name)
            views.append({"file": name, "intrinsics": NUMBERS, "extrinsics": [*NUMBERS, [0.0] * 3], "box": [0] * 4})
            events.view_done(job)
        part, settings = job.part, job.settings
        described = {"part_id": part.part_id, "label": part.label, "name": part.name, "material": "steel"}
        described |= {"seed": settings.seed, "size": settings.size, "quality": settings.quality}
        described["sampler"] = "placeholder"
        write_json(job.folder / "part.json", {**described, "content_key": key, "size_mm": part.size_mm, "views": views})
        events.part_done(job, "none")


def render() -> None:
    local_farm.run = draw
    sys.argv = ["cad2real", "render"]
    main()


def train(stage: str) -> None:
    layout = Layout()
    parts = json.loads((layout.renders / "renders.json").read_text(encoding="utf-8"))["parts"]
    if stage in ("probe", "adapt"):
        (layout.models / stage).mkdir(parents=True, exist_ok=True)
        write_json(layout.models / stage / "model.json", {"classes": parts, "backbone": "placeholder"})
    elif stage == "evaluate":
        write_json(layout.reports / "evaluation.json", {"classes": parts, "photos": 0, "reason": "placeholder"})
        write_json(layout.reports / "gap.json", {"reason": "placeholder"})
        write_json(layout.reports / "metrics.json", {})
    else:
        write_json(layout.index / "examples.json", [])


if __name__ == "__main__":
    render() if sys.argv[1] == "render" else train(sys.argv[1])
