"""`python -m render.parts.usd_files FILE`: whether a USD file holds all of its part, for render.parts.scene_files.

USD composes a scene of many files: sublayers, references, payloads, value clips. A part is told from its changed self
by the bytes of its own file, and a stranger's file must not show what lies elsewhere on this machine: so a file that
would read another is refused, before anything is composed. What lies in the same .usdz package is its own.

A process of its own: a file that crashes the reader is lost alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pxr import Sdf, Tf

from cad2real.process_limits import limit_memory
from render.parts.scene_files import MEMORY, UNUSABLE

CLIPS = "clips"
"""The metadata that names files with a prim's values over time."""


def main() -> int:
    path = Path(sys.argv[1])
    limit_memory(MEMORY)
    try:
        outside = other_files(path)
    except Tf.ErrorException as error:
        print(f"it is damaged ({str(error).strip().splitlines()[-1].strip()})", file=sys.stderr)
        return UNUSABLE
    if outside:
        print(
            f"it takes parts from other files ({outside[0]}): save all of it as one file (flattened)", file=sys.stderr
        )
        return UNUSABLE
    return 0


def other_files(path: Path) -> list[str]:
    """What the USD file at `path` (absolute) would read beside itself, as it names them; empty for most. Nothing of it
    is opened. Raises pxr.Tf.ErrorException for a file that is no USD.
    """
    found: list[str] = []
    waiting, seen = [str(path)], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        layer = Sdf.Layer.FindOrOpen(name)
        if layer is None:
            found.append(name)
            continue
        for asset in filter(None, sorted(layer.GetCompositionAssetDependencies())):  # without a name: this layer
            whole = layer.ComputeAbsolutePath(asset)
            (waiting if whole.startswith(f"{path}[") else found).append(whole)
        found += _clips(layer)
    return found


def _clips(layer: Sdf.Layer) -> list[str]:
    """The prims of `layer` with value clips."""
    prims: list[str] = []

    def visit(where: Sdf.Path) -> None:
        spec = layer.GetObjectAtPath(where)
        if isinstance(spec, Sdf.PrimSpec) and spec.HasInfo(CLIPS):
            prims.append(f"value clips of {where}")

    layer.Traverse(Sdf.Path.absoluteRootPath, visit)
    return prims


if __name__ == "__main__":
    sys.exit(main())
