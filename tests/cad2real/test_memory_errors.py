"""Too little memory is one line, whichever library noticed it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from cad2real.layout import Layout
from tests.train.conftest import write_renders


def test_a_command_that_cannot_load_its_libraries_says_that_memory_is_short(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("train: {backbone: test_efficientnet, weights: random, image_size: 32}\n")
    write_renders(Layout(tmp_path).renders, views=2)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))

    done = subprocess.run(
        [sys.executable, "-m", "cad2real", "train", "probe"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        preexec_fn=limit,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "error: There is not enough memory" in done.stderr
    assert "Traceback" not in done.stderr
