"""Makes a harder set of one whose parts are all red and cut out on white: photos in ten colours, sizes and turns.

    python tools/recolour_photos.py SET OUT --seed 7

SET holds parts.csv, its CAD and photos/LABEL/*.png. OUT gets the photos, each red turned into one of ten colours (glare
and shadows stay), made .45 to 1 times as large and turned by any angle, and the part list without its column `color`:
neither colour nor size tells parts apart any more. A stand-in for sets of parts in many colours (docs/results.md).
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cad2real.files import atomic_folder

Pixels = npt.NDArray[np.float64]  # (height, width, 3), 0 to 1

COLOURS = {
    "red": (201, 26, 9),
    "blue": (0, 85, 191),
    "yellow": (242, 205, 55),
    "green": (35, 120, 65),
    "orange": (254, 138, 24),
    "tan": (228, 205, 158),
    "brown": (88, 42, 18),
    "black": (27, 42, 52),
    "light grey": (160, 165, 169),
    "dark grey": (99, 95, 98),
}
WHITE = 250
PAPER = (WHITE, WHITE, WHITE)
SMALLEST = 0.45


def recoloured(photo: Pixels, colour: Pixels) -> Pixels:
    """The photo of a red part on white with the part in `colour` (3,).

    What is grey in a pixel is glare or background and stays; the rest is how brightly the plastic is lit.
    """
    glare = photo[..., 1:].min(axis=2)
    lit = np.clip(photo[..., 0] - glare, 0, 1)
    usual = max(float(np.quantile(lit[lit > 0.1], 0.9)) if (lit > 0.1).any() else 1.0, 0.2)
    # The plastic's own red holds some grey, which would shine through dark colours.
    shine = np.clip(glare - 0.1 * lit, 0, 1)
    return np.clip((lit / usual)[..., None] * colour * (1 - 0.5 * shine[..., None]) + shine[..., None], 0, 1)


def moved(photo: Pixels, scale: float, turn_deg: float) -> Image.Image:
    """The photo made `scale` times as large and turned about its centre, on paper of the same size."""
    picture = Image.fromarray((photo * (WHITE / 255) * 255).round().astype(np.uint8))
    paper = Image.new("RGB", picture.size, PAPER)
    small = picture.resize(tuple(max(1, round(side * scale)) for side in picture.size), Image.Resampling.LANCZOS)
    paper.paste(small, tuple((whole - part) // 2 for whole, part in zip(paper.size, small.size, strict=True)))
    return paper.rotate(turn_deg, Image.Resampling.BICUBIC, fillcolor=PAPER)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path, help="a folder with parts.csv and photos/LABEL/*.png")
    parser.add_argument("out", type=Path, help="the folder to write; must not exist")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    photos = sorted(options.set.glob("photos/*/*.png"))
    if not photos or not (options.set / "parts.csv").exists():
        parser.error(f"{options.set} has no parts.csv or no photos/LABEL/*.png.")
    if options.out.exists():
        parser.error(f"{options.out} exists; name a new folder.")
    with (options.set / "parts.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: value for name, value in row.items() if name != "color"} for row in csv.DictReader(file)]
    home = options.set.resolve()
    for file_name in (row.get("file") or "" for row in rows):
        inside = not Path(file_name).is_absolute() and (home / file_name).resolve().is_relative_to(home)
        if not inside or not (home / file_name).is_file():
            parser.error(f"{options.set / 'parts.csv'} names {file_name!r}, which is no file in {options.set}.")

    rng = np.random.default_rng(options.seed)
    colours = np.array(list(COLOURS.values())) / 255
    with atomic_folder(options.out) as out:
        for path in photos:
            with Image.open(path) as file:
                photo = np.asarray(file.convert("RGB"), dtype=np.float64) / 255
            colour = colours[rng.integers(len(colours))]
            place = out / "photos" / path.parent.name / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            moved(recoloured(photo, colour), rng.uniform(SMALLEST, 1), rng.uniform(0, 360)).save(place)
        for row in rows:
            (out / row["file"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(options.set / row["file"], out / row["file"])
        with (out / "parts.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    print(f"{len(photos)} photos, {len(rows)} parts: {options.out}")


if __name__ == "__main__":
    main()
