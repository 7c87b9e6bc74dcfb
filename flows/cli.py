"""The commands of the flows room."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.command()(init)
    app.command()(run)
    app.command()(benchmark)
    app.command()(report)
    app.command()(doctor)


def init(folder: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)]) -> None:
    """Make a new project folder for parts and photos of your own.

    Example: cad2real init gearbox
    """
    from flows.start import start_project

    for path in start_project(folder):
        print(f"wrote {path}")
    print(
        f"Next: put CAD files into {folder}/data/parts, a row for each into parts.csv (part_id and file are enough),\n"
        f"and photos into {folder}/data/photos, in sub-folders named after the label where it is known.\n"
        f"Then: cd {folder} && cad2real run"
    )


def run(
    stage: Annotated[str | None, typer.Option(help="Run up to this stage only.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run the stages even if nothing changed.")] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change params.yaml first; may be repeated.")
    ] = None,
) -> None:
    """Run what is stale, from CAD and photos to the report.

    Example: cad2real run --set train.epochs=20
    """
    from cad2real.layout import Layout
    from flows import settings
    from flows.change import change_params
    from flows.outcome import result_table
    from flows.pipeline import say
    from flows.processes import treat_sigterm_as_ctrl_c
    from flows.project import prepare, project_lock
    from flows.stages import chosen_stages, stale_stages

    treat_sigterm_as_ctrl_c()
    root = Path()
    stages = chosen_stages(root, stage)
    with project_lock(root):
        if set_:
            change_params(Layout(root).params, set_)
        params = prepare(root)
        settings.enter(root)
        stale = stale_stages(root)
        if not force and not any(candidate.name in stale for candidate in stages):
            say("Nothing has changed since the last run.")
        else:
            for name, reasons in stale.items():
                say(f"stale: {name} ({', '.join(reasons)})")
            from flows.run import pipeline

            logs = Layout(root).logs / datetime.now().strftime("%Y%m%d-%H%M%S")
            try:
                pipeline(root, stage, list(stale), force, logs, params.flow.retries, params.flow.retry_delay_s)
            except KeyboardInterrupt:
                say("stopped. The next run goes on from here.")
                raise typer.Exit(130) from None
    print(result_table(root))


def report() -> None:
    """Writes one page with pictures and figures of the last run, data/reports/report.html.

    Example: cad2real report
    """
    from cad2real.layout import Layout
    from flows.report import write_report

    path = write_report(Layout())
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


def benchmark(
    parts: Annotated[Path, typer.Option(help="Part list (csv); CAD paths in it are relative to it.")],
    photos: Annotated[Path, typer.Option(help="Folder of photos; a photo's sub-folder is its label.")],
    boxes: Annotated[
        Path | None, typer.Option(help="csv: image,label,x_min,y_min,x_max,y_max (pixels); its labels count.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep renders, models and the report in this folder.")] = None,
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result there too.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of views and training.")] = 0,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter; may be repeated.")
    ] = None,
) -> None:
    """Measure the whole chain on any folder of CAD and labelled photos. Prints JSON.

    Example: cad2real benchmark --parts mine/parts.csv --photos mine/photos --out bench
    """
    import json

    from cad2real.files import write_json
    from flows.benchmark import Task, run_benchmark
    from flows.processes import treat_sigterm_as_ctrl_c

    treat_sigterm_as_ctrl_c()
    result = run_benchmark(Task(parts, photos, boxes, seed, tuple(set_ or ())), out)
    if json_ is not None:
        write_json(json_, result)
    print(json.dumps(result, indent=1, ensure_ascii=False))


def doctor() -> None:
    """Check this machine and project: Python, packages, GPUs, disk, memory, DVC, Prefect. Says what to mend.

    Example: cad2real doctor
    """
    from flows.doctor import examine

    bad = 0
    for finding in examine(Path()):
        print(finding, flush=True)
        bad += not finding.is_ok
    if bad:
        raise typer.Exit(1)
