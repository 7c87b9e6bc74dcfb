"""Says which system libraries Blender's module (bpy) lacks here and how to install them. Exit code 1 if any."""

from __future__ import annotations

import ctypes
import subprocess
import sys

# What `import bpy` (5.2) links besides the C and C++ run-time, as LD_DEBUG=files shows.
LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
}


def missing_packages() -> list[str]:
    """The Debian packages of the libraries that cannot be loaded."""
    packages = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def main() -> int:
    if sys.platform == "linux" and (packages := missing_packages()):
        print(
            "error: Blender's module needs system libraries that are missing here (no display). Install them:\n"
            f"  apt-get install --no-install-recommends {' '.join(packages)}",
            file=sys.stderr,
        )
        return 1
    tried = subprocess.run([sys.executable, "-c", "import bpy"], capture_output=True, text=True)
    if tried.returncode != 0:
        last = (tried.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"error: Blender's module bpy does not load: {last}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
