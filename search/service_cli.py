"""The commands for what others use: the page, what was said on it, and the model as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`; `export_onnx` is a part of `cad2real export`."""
    app.command("serve")(serve)
    app.command("feedback")(feedback)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0: all of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one.")] = 8000,
    https: Annotated[
        bool, typer.Option("--https", help="Encrypted, by a certificate of this machine's own; for phones.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with what clients have to know; or set CAD2REAL_TOKEN.", show_default=False),
    ] = None,
) -> None:
    """Answers in the browser, and programs by JSON, which part a photo shows. A new index is taken while it runs.

    Example: cad2real serve --host 0.0.0.0 --https --token-file token.txt
    """
    from cad2real.layout import Layout
    from search.web.serve import read_token
    from search.web.serve import serve as listen

    listen(Layout.of_project().root, host, port, read_token(token_file), https)


def feedback(
    csv: Annotated[Path, typer.Option(metavar="FILE", help="Table to write.")] = Path("feedback.csv"),
) -> None:
    """Writes what people confirmed and corrected on the page (data/feedback) as a table.

    Example: cad2real feedback --csv feedback.csv
    """
    from cad2real.layout import Layout
    from search.web.feedback import write_csv

    print(f"{write_csv(Layout.of_project().feedback, csv)} answer(s) written: {csv}")


def export_onnx(
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("model.onnx"),
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model (default: data/models/current, else data/models/adapt).")
    ] = None,
) -> None:
    """Writes a trained model as one ONNX file: pictures in, embeddings and class probabilities out, without torch.

    Example: cad2real export onnx --out model.onnx
    """
    from cad2real.layout import Layout
    from search.model.torch_model import export_onnx as write
    from search.prediction import model_in_use

    folder = model or model_in_use(Layout.of_project(instead="name a model: --model DIR"))
    write(folder, out)
    print(f"{folder} written as ONNX: {out}")
