"""Photos that are there twice: the same file, the same picture in another file, and pictures that look alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import read_json, write_json
from photos.manifest import SquareRow

DUPLICATES = "duplicates.json"
SIDE_PX = 64
HASH_SIDE = 16  # 256 bits: 64 are the same for many photos of one part
ALIKE_BITS = 10
ALIKE_LEVELS = 6
"""A photo saved again at JPEG quality 50 or at half its size differs in 2 to 8 bits, another one in 92 or more; so do
photos taken in a row by a camera on a stand, which is why these are only reported.
"""
BLOCK = 1000


@dataclass(frozen=True)
class Print:
    """What is kept of a photo: its file's `sha256`, its small `picture` (a hash of 64 x 64 pixels), a perceptual `hash`
    of 256 bits (hexadecimal) and its mean `colour` in [0, 255].
    """

    sha256: str
    picture: str
    hash: str
    colour: tuple[int, int, int]


def print_of(content: str, picture: Image.Image) -> Print:
    """The print of a photo whose file has the sha256 `content`, from its upright RGB `picture` of any size."""
    import imagehash

    small = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    pixels = np.asarray(small)
    colour = tuple(round(float(level)) for level in pixels.mean(axis=(0, 1)))
    perceptual = str(imagehash.phash(small, hash_size=HASH_SIDE, highfreq_factor=SIDE_PX // HASH_SIDE))
    return Print(content, sha256(pixels.tobytes()).hexdigest()[:32], perceptual, colour)  # type: ignore[arg-type]


def same_photos(prints: Mapping[str, Print]) -> dict[str, str]:
    """For each photo that is there a second time (same bytes, or same picture) the first by name."""
    first: dict[str, str] = {}
    again: dict[str, str] = {}
    for photo, one in sorted(prints.items()):
        # The first of either: a copy without its EXIF data is the same picture in another file.
        original = first.get(one.sha256) or first.get(one.picture) or photo
        first.setdefault(one.sha256, original)
        first.setdefault(one.picture, original)
        if original != photo:
            again[photo] = original
    return again


def alike_photos(prints: Mapping[str, Print]) -> list[list[str]]:
    """Groups of photos that look alike, each connected by pairs that do. Exact copies are left to `same_photos`."""
    again = same_photos(prints)
    names = [photo for photo in sorted(prints) if photo not in again]
    hashes = np.array([_words(prints[name].hash) for name in names], np.uint64).reshape(-1, HASH_SIDE**2 // 64)
    colours = np.array([prints[name].colour for name in names], np.int16).reshape(-1, 3)
    group = list(range(len(names)))

    def root(number: int) -> int:
        while group[number] != number:
            group[number] = group[group[number]]
            number = group[number]
        return number

    for start in range(0, len(names), BLOCK):
        for one, other in _pairs(hashes, colours, start):
            a, b = sorted((root(one), root(other)))
            group[b] = a
    together: defaultdict[int, list[str]] = defaultdict(list)
    for number, name in enumerate(names):
        together[root(number)].append(name)
    return [found for found in together.values() if len(found) > 1]


def _pairs(hashes: npt.NDArray[np.uint64], colours: npt.NDArray[np.int16], start: int) -> Sequence[tuple[int, int]]:
    """Pairs that look alike, of a block of photos from `start` on with all later ones."""
    block = slice(start, start + BLOCK)
    bits = np.zeros((len(hashes[block]), len(hashes) - start), np.uint16)
    for word in range(hashes.shape[1]):
        bits += np.bitwise_count(hashes[block, word, None] ^ hashes[None, start:, word])
    rows, columns = np.nonzero(bits <= ALIKE_BITS)
    rows, columns = rows[columns > rows] + start, columns[columns > rows] + start
    close = np.abs(colours[rows] - colours[columns]).max(axis=1, initial=0) <= ALIKE_LEVELS
    return list(zip(rows[close].tolist(), columns[close].tolist(), strict=True))


def _words(text: str) -> list[int]:
    return [int(text[start : start + 16], 16) for start in range(0, HASH_SIDE**2 // 4, 16)]


def read_prints(squares: Path) -> dict[str, Print]:
    """The prints of an earlier run by the photos' sha256; none where the file is missing or something else."""
    try:
        stored = read_json(squares / DUPLICATES, "prints")["prints"]
        return {
            one["sha256"]: Print(one["sha256"], one["picture"], _hex(one["hash"]), tuple(map(int, one["colour"])))  # type: ignore[arg-type]
            for one in stored.values()
        }
    except (OSError, UserError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def without_labels_of(pictures: Collection[str], rows: Sequence[SquareRow], squares: Path) -> list[SquareRow]:
    """`rows` of the folder `squares`, without the label of each whose photo shows one of `pictures` (see `Print`): such
    a photo trained a model, and labels were divided anew since.
    """
    if not pictures:
        return list(rows)
    path = squares / DUPLICATES
    prints = read_json(path, "prints")["prints"] if path.is_file() else {}
    return [replace(row, label="") if prints.get(row.photo, {}).get("picture") in pictures else row for row in rows]


def write_prints(squares: Path, prints: Mapping[str, Print]) -> None:
    """Writes duplicates.json with nothing but `prints`, for `read_prints`: of a run that is not at its end."""
    write_json(squares / DUPLICATES, {"same": [], "alike": [], "prints": {key: asdict(prints[key]) for key in prints}})


def _hex(text: str) -> str:
    if len(text) != HASH_SIDE**2 // 4:
        raise ValueError("no hash of this size")
    int(text, 16)
    return text


def write_duplicates(squares: Path, prints: Mapping[str, Print], labels: Mapping[str, set[str]]) -> list[str]:
    """Writes duplicates.json: `same` (photo, original, labels), `alike` (groups of photos) and all prints. `labels`: of
    each photo. Returns what people should know, in lines.
    """
    same, alike = same_photos(prints), alike_photos(prints)
    entries: list[dict[str, Any]] = []
    contradicting: list[str] = []
    for photo, original in same.items():
        both = sorted(labels.get(photo, set()) | labels.get(original, set()))
        entries.append({"photo": photo, "original": original, "labels": both})
        if labels.get(photo, set()) != labels.get(original, set()) and len(both) > 1:
            contradicting.append(f"{photo} and {original} are the same photo, but have the labels {', '.join(both)}")
    content = {"same": entries, "alike": alike, "prints": {name: asdict(one) for name, one in sorted(prints.items())}}
    write_json(squares / DUPLICATES, content)
    notes = []
    if same:
        photo, original = next(iter(same.items()))
        notes.append(f"{len(same)} photos are there twice ({photo} = {original}, ...): counted once in scores")
    if alike:
        count = sum(map(len, alike))
        notes.append(f"{count} photos look like others ({' ~ '.join(alike[0][:2])}, ...): all listed in {DUPLICATES}")
    return notes + contradicting
