"""`python -m render.bench`: what a view costs and how good it is, preset by preset, against SynthNet's settings.

The reference is the same view with REFERENCE_SAMPLES samples; it and SynthNet's preset take minutes, so they are cached
in data/cache/bench and only made again when the view or the renderer changes.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad2real.files import atomic_file, read_json, write_json
from cad2real.layout import Layout
from render.contact_sheet import tile
from render.params import RenderParams
from render.parts.catalogue import Part, make_catalogue
from render.parts.geometry import load_geometry
from render.views.description import content_key, describe_views
from render.views.quality import QUALITY_PRESETS, QualityPreset
from render.views.settings import RenderSettings, make_settings

REFERENCE_SAMPLES = 2048
REFERENCE = QualityPreset(REFERENCE_SAMPLES, "HIGH", clamp_indirect=10.0, denoise=False)
ROWS = {
    "draft": QUALITY_PRESETS["draft"],
    "standard": QUALITY_PRESETS["standard"],
    "high": QUALITY_PRESETS["high"],
    "plain_bpy": QualityPreset(16, "HIGH", "ACCURATE", part_only=False, clamp_indirect=10.0),
    "one_sample": QualityPreset(1, "FAST", denoise=False),
    "synthnet": QUALITY_PRESETS["synthnet"],
}
SLOW = ("reference", "synthnet")
COST_VIEWS = 8
"""Views over which a quick preset's cost is averaged, changes of environment map included."""

Picture = NDArray[np.uint8]
Say = Callable[[str], None]
Row = dict[str, Any]


def main() -> None:
    """Runs the benchmark in a project folder; writes data/reports/bench_render.json and bench_render.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=Path, default=Path("data/parts/parts.csv"))
    parser.add_argument("--part", default="", help="part id; default: the first galvanized part, else the first")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--view", type=int, default=9, help="number of the compared view")
    parser.add_argument("--without-slow", action="store_true", help="leave out what is not cached from an earlier run")
    asked = parser.parse_args()
    layout = Layout()
    parts = make_catalogue(asked.parts, layout.root).parts
    galvanized = [part for part in parts if part.surface == "galvanized"]
    part = next((part for part in parts if part.part_id == asked.part), (galvanized or list(parts))[0])
    settings = make_settings(RenderParams(size=asked.size), list(parts), layout.root)
    cache = layout.cache / "bench" / content_key(part, replace(settings, quality="synthnet"))[:16]
    say = _mute_blender(layout.logs / "bench_render.log")
    report, pictures = _measure(part, settings, asked.view, cache, asked.without_slow, say)
    write_json(layout.reports / "bench_render.json", report)
    with atomic_file(layout.reports / "bench_render.png") as temporary:
        tile([[Image.fromarray(picture) for picture in pictures.values()]], [" | ".join(pictures)], asked.size).save(
            temporary, format="PNG"
        )
    say(f"written: {layout.reports / 'bench_render.json'} and bench_render.png")


def _measure(
    part: Part, settings: RenderSettings, view: int, cache: Path, without_slow: bool, say: Say
) -> tuple[dict[str, object], dict[str, Picture]]:
    """The report and the pictures; every row is printed as soon as it is measured, for the slow ones take minutes."""
    start = time.process_time()
    load_geometry(Path(part.file), part.units)
    setup = {"load": round(time.process_time() - start, 3)}
    rows: dict[str, Row] = {}
    pictures: dict[str, Picture] = {}
    for name, preset in {"reference": REFERENCE, **ROWS}.items():
        cached = cache / f"{name}.json"
        if name in SLOW and cached.is_file():
            pictures[name] = np.asarray(Image.open(cached.with_suffix(".png")))
            rows[name] = read_json(cached)
        elif name in SLOW and without_slow:
            continue
        else:
            seconds, pictures[name], setting_up = _cost(part, settings, preset, view, 1 if name in SLOW else COST_VIEWS)
            rows[name] = {"cpu_s_a_view": round(seconds, 3)}
            setup["dress"] = round(setting_up, 3)
            if name in SLOW:
                with atomic_file(cached.with_suffix(".png")) as temporary:
                    Image.fromarray(pictures[name]).save(temporary, format="PNG")
                write_json(cached, rows[name])
        if "reference" in pictures and name != "reference":
            rows[name]["psnr_full_frame"], rows[name]["psnr_part"] = psnr(pictures[name], pictures["reference"])
        say(f"{name:12} " + "  ".join(f"{key} {value}" for key, value in rows[name].items()))
    return _report(part, settings, view, rows, setup), pictures


def _report(
    part: Part, settings: RenderSettings, view: int, rows: dict[str, Row], setup: dict[str, float]
) -> dict[str, object]:
    reference = rows.pop("reference", {})
    slow = rows.get("synthnet", {}).get("cpu_s_a_view")
    for row in rows.values():
        row["cpu_ratio_synthnet"] = round(slow / row["cpu_s_a_view"], 1) if slow and row["cpu_s_a_view"] else None
    return {
        "cpu_ratio_synthnet_to_standard": rows["standard"]["cpu_ratio_synthnet"],
        "psnr_standard_full_frame": rows["standard"].get("psnr_full_frame"),
        "fixed_cpu_s_a_view": rows["one_sample"]["cpu_s_a_view"],
        "cpu_s_a_part": setup,
        "part": part.part_id,
        "triangles": part.triangles,
        "size": settings.size,
        "view": view,
        "reference_samples": REFERENCE_SAMPLES,
        "reference_cpu_s": reference.get("cpu_s_a_view"),
        "presets": rows,
    }


def _cost(
    part: Part, settings: RenderSettings, preset: QualityPreset, number: int, views: int
) -> tuple[float, Picture, float]:
    """CPU seconds a view over `views` views, the picture of view `number`, and CPU seconds for setting the part up."""
    from render.blender.device import Compute
    from render.blender.scene import BlenderScene

    geometry = load_geometry(Path(part.file), part.units)
    described = describe_views(part, geometry, settings)
    chosen = [described[(number + step) % len(described)] for step in range(views)]
    with tempfile.TemporaryDirectory(prefix="cad2real-bench-") as scratch:
        start = time.process_time()
        scene = BlenderScene(geometry, chosen[0].assigned, settings, Compute(threads=1), Path(scratch), preset)
        set_up = time.process_time()
        pictures = [scene.render(view) for view in chosen]
        return (time.process_time() - set_up) / views, pictures[0], set_up - start


def psnr(picture: Picture, reference: Picture) -> tuple[float, float]:
    """Decibels between two RGBA pictures on white: over the whole frame, and over the part's pixels only."""
    squared = (_on_white(picture) - _on_white(reference)) ** 2
    part = reference[..., 3] > 0
    full, inside = float(squared.mean()), float(squared[part].mean())
    return round(10 * math.log10(1 / max(full, 1e-10)), 2), round(10 * math.log10(1 / max(inside, 1e-10)), 2)


def _on_white(picture: Picture) -> NDArray[np.float64]:
    alpha = picture[..., 3:] / 255
    return picture[..., :3] / 255 * alpha + (1 - alpha)


def _mute_blender(log: Path) -> Say:
    """Sends what Blender prints to `log`; returns a print for people."""
    log.parent.mkdir(parents=True, exist_ok=True)
    terminal = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)

    def say(line: str) -> None:
        print(line, file=terminal, flush=True)

    return say


if __name__ == "__main__":
    main()
