"""Makes the README's picture from a finished run: renders of CAD above, simulated photos that were recognised below.

Usage: python tools/make_overview.py docs/images/overview.jpg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PARTS = 6
SIDE = 220
GAP = 12
PAPER, INK, GREEN, RED = (250, 250, 248), (40, 44, 52), (24, 128, 72), (190, 50, 40)


def tile(path: Path) -> Image.Image:
    """A picture of SIDE pixels; alpha laid on white."""
    with Image.open(path) as picture:
        picture = picture.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    canvas.alpha_composite(picture)
    return canvas.convert("RGB")


def main(out: Path) -> None:
    evaluation = json.loads(Path("data/reports/evaluation.json").read_text(encoding="utf-8"))
    first: dict[str, dict[str, object]] = {}
    for row in evaluation["adapted"]["predictions"]:
        if row["confidence"] > 0.6:
            first.setdefault(row["label"], row)
    labels = sorted(first)[:: max(1, len(first) // PARTS)][:PARTS]
    font, small = ImageFont.load_default(20), ImageFont.load_default(15)
    width = GAP + len(labels) * (SIDE + GAP)
    canvas = Image.new("RGB", (width, 2 * SIDE + 5 * GAP + 74), PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((GAP, GAP), "rendered from CAD: the only labels there are", INK, font)
    below = GAP + 30 + SIDE + GAP
    draw.text((GAP, below), "unlabelled photos (simulated here) and the part that cad2real names", INK, font)
    for column, label in enumerate(labels):
        x = GAP + column * (SIDE + GAP)
        row = first[label]
        canvas.paste(tile(Path("data/renders") / label / "view_003.png"), (x, GAP + 30))
        canvas.paste(tile(Path("data/squares") / str(row["square"])), (x, below + 30))
        right = row["predicted"] == label
        text = f"{row['predicted']}  {float(str(row['confidence'])):.2f}"
        draw.text((x, below + 30 + SIDE + 4), text, GREEN if right else RED, small)
    out.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(out, quality=85)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
