"""What metering does to accuracy: the same renders with their exposure, and with it taken back, tell the same photos.

    python tools/metering_accuracy.py PROJECT... --seeds 3

Each project has renders and squares with labels, which only score. Frozen features of the embedded backbone at 128 px,
renders on one grey, noisy ground each, multinomial logistic regression; `aligned`: features standardised by the photos'
own statistics. Prints a line a project and seed.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from cad2real.files import read_json
from cad2real.layout import Layout
from render.views.metering import BASE, LINEAR, TOE
from train.networks.backbones import create_backbone

SIDE, BATCH = 128, 32
type Pixels = NDArray[np.uint8]
type Features = NDArray[np.float32]


def unmetered(picture: Pixels, stops: float) -> Pixels:
    """The picture (h, w, 3 or 4) as it would be with `stops` less exposure, by the view transform (render/views)."""
    shown = LINEAR[picture[..., :3]]
    least = shown.min(axis=2, keepdims=True)
    film = (shown + np.where(least < TOE - BASE, np.sqrt(least * (2 * TOE)), least + BASE) - least) * 2.0**-stops
    least = film.min(axis=2, keepdims=True)
    seen = film - np.where(least < TOE, least - least**2 / (2 * TOE), BASE)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * np.maximum(seen, 1e-9) ** (1 / 2.4) - 0.055)
    result = picture.copy()
    result[..., :3] = np.clip(np.round(encoded * 255), 0, 255)
    return result


def on_ground(picture: Pixels, rng: np.random.Generator) -> Pixels:
    alpha = picture[..., 3:] / 255
    ground = rng.integers(40, 230, 3) + rng.normal(0, 8, (SIDE, SIDE, 3))
    mixed: Pixels = np.clip(picture[..., :3] * alpha + ground * (1 - alpha), 0, 255).astype(np.uint8)
    return mixed


@torch.inference_mode()
def features(network: torch.nn.Module, pictures: list[Pixels]) -> Features:
    found = []
    for start in range(0, len(pictures), BATCH):
        batch = torch.from_numpy(np.stack(pictures[start : start + BATCH])).permute(0, 3, 1, 2).float() / 255
        found.append(network((batch - 0.5) / 0.5).reshape(len(batch), -1).numpy())
    return np.concatenate(found)


def opened(path: Path, mode: str) -> Pixels:
    with Image.open(path) as picture:
        return np.asarray(picture.convert(mode).resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def accuracies(renders: Features, labels: list[str], photos: Features, truth: list[str]) -> list[float]:
    """Shares of the photos told rightly: as they are, aligned."""
    own, theirs = StandardScaler().fit(renders), StandardScaler().fit(photos)
    model = LogisticRegression(C=0.05, max_iter=300).fit(own.transform(renders), labels)
    return [float(np.mean(model.predict(scaler.transform(photos)) == truth)) for scaler in (own, theirs)]


def compare(layout: Layout, seeds: int, network: torch.nn.Module) -> None:
    with (layout.squares / "photos.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"]]
    photos = features(network, [opened(layout.squares / row["square"], "RGB") for row in rows])
    views: list[tuple[Pixels, str, float]] = []
    for path in sorted(layout.renders.glob("*/part.json")):
        part: dict[str, Any] = read_json(path)
        views += [(opened(path.parent / v["file"], "RGBA"), part["label"], v["exposure_stops"]) for v in part["views"]]
    raised = [number for number, view in enumerate(views) if view[2] > 0]
    print(f"{layout.root}: {len(rows)} photos, {len(views)} views, {len(raised)} exposed more")
    for seed in range(seeds):
        metered = features(
            network, [on_ground(p, np.random.default_rng([seed, n])) for n, (p, _, _) in enumerate(views)]
        )
        plain = metered.copy()
        if raised:
            again = ((unmetered(*views[n][::2]), np.random.default_rng([seed, n])) for n in raised)
            plain[raised] = features(network, [on_ground(picture, rng) for picture, rng in again])
        for name, found in (("as rendered", metered), ("not metered", plain)):
            scores = accuracies(found, [view[1] for view in views], photos, [row["label"] for row in rows])
            print(f"  seed {seed}, {name}: {scores[0]:.3f}, aligned {scores[1]:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    network = create_backbone("tf_efficientnet_lite0", "embedded", SIDE).eval()
    for project in options.projects:
        compare(Layout(project), options.seeds, network)


if __name__ == "__main__":
    main()
