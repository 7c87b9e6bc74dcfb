"""The commands of the flows room."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from cad2real.layout import Layout


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.command()(init)
    app.command("import")(import_)
    for command in (run, benchmark, report, watch, nightly, status, verify, doctor, versions, checkout):
        app.command()(command)


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="A folder of CAD, with or without a part list, to copy; or a STEP assembly to take apart.",
        ),
    ] = None,
    sub_assemblies: Annotated[
        bool,
        typer.Option("--sub-assemblies", help="Of a STEP assembly: each assembly in it is a part as well."),
    ] = False,
) -> None:
    """Make a new project folder for parts and photos of your own.

    Example: cad2real init gearbox --from ~/cad/gearbox
    """
    from cad2real.errors import UserError
    from flows.import_folder import import_folder
    from flows.init_project import init_project

    if source is not None:
        made = import_folder(folder, source, sub_assemblies)
        for item in made.left_out:
            print(f"left out: {item}", file=sys.stderr)
        what = "made of their names" if made.is_made else "as it was there"
        print(
            f"{made.cad_files} CAD file(s) copied or cut out; the part list {made.part_list} is {what}.\n"
            f"Next: cd {shlex.quote(str(folder))}, then `cad2real catalogue --explain` says how the list is read, and\n"
            "`cad2real catalogue` which parts can be rendered. Photos go into data/photos."
        )
        return
    if sub_assemblies:
        raise UserError("--sub-assemblies needs --from.", "Name the STEP assembly with --from.")
    print("\n".join(f"wrote {path}" for path in init_project(folder)))
    print(
        f"Next: put CAD files into {folder}/data/parts, a row for each into parts.csv (part_id and file are enough),\n"
        f"and photos into {folder}/data/photos, in sub-folders named after the label where it is known.\n"
        f"Then: cd {shlex.quote(str(folder))} && cad2real run"
    )


def import_(
    name: Annotated[str, typer.Argument(help="topex-printer, visda2017, office-home, domainnet.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="Where the data set lies, unpacked.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="The project to make; else a folder called NAME here.")] = None,
    source: Annotated[str, typer.Option(help="Domain of the labelled pictures; else the usual one.")] = "",
    target: Annotated[str, typer.Option(help="Domain of the photos; else the usual one.")] = "",
) -> None:
    """Make a project of a public data set of renders and photos that is on this machine already.

    Example: cad2real import visda2017 ~/data/visda --out visda
    """
    from flows.import_dataset import import_dataset
    from flows.known_datasets import DATASETS

    root = out or Path(name)
    made = import_dataset(name, folder, root, source, target)
    for item in made.skipped[:20]:
        print(f"left out: {item}", file=sys.stderr)
    if len(made.skipped) > 20:
        print(f"left out: {len(made.skipped) - 20} more", file=sys.stderr)
    print(f"{root}: {made.classes} classes, {made.renders:,} renders, {made.photos:,} photos")
    for line in made.incomplete:
        print(f"warning: this is not a complete copy: {line}", file=sys.stderr)
    print(f"Terms of the data set: {DATASETS[name].terms}. Next: cd {shlex.quote(str(root))} && cad2real run")


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
    from flows.pipeline import print_progress
    from flows.processes import treat_sigterm_as_ctrl_c
    from flows.run_project import run_project
    from flows.run_summary import result_table

    treat_sigterm_as_ctrl_c()
    try:
        run_project(Path(), stage, force=force, changes=set_ or ())
    except KeyboardInterrupt:
        print_progress("stopped. The next run goes on from here.")
        raise typer.Exit(130) from None
    print(result_table(Path()))


def versions() -> None:
    """List the recorded runs: what data, code and model, and how good.

    Example: cad2real versions
    """
    from flows.versions.history import list_versions

    Layout.of_project()
    print(f"{'version':<17}{'parts':<9}{'photos':<9}{'code':<9}{'model':<9}{'source only':>12}{'adapted':>9}")
    for version in list_versions(Path()):
        source, adapted = ("-" if share is None else f"{share:.1%}" for share in (version.source_only, version.adapted))
        print(
            f"{version.name:<17}{version.parts:<9}{version.photos:<9}{version.code:<9}{version.model:<9}"
            f"{source:>12}{adapted:>9}"
        )


def checkout(
    version: Annotated[str, typer.Argument(help="A name of `cad2real versions`, a day, or `latest`.")],
    force: Annotated[bool, typer.Option("--force", help="Even if work is lost that no version holds.")] = False,
) -> None:
    """Bring back the artifacts of a recorded run: renders, model, index, report, and its params.yaml.

    Example: cad2real checkout 2026-04-12
    """
    from flows.versions.history import checkout as checkout_version

    Layout.of_project()
    checkout_version(Path(), version, force=force)


def report() -> None:
    """Writes one page with pictures and figures of the last run, data/reports/report.html.

    Example: cad2real report
    """
    from flows.report.page import write_report

    path = write_report(Layout.of_project())
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


def benchmark(  # more than seven parameters: typer makes an option of each
    parts: Annotated[Path, typer.Option(help="Part list (csv); CAD paths in it are relative to it.")],
    photos: Annotated[Path, typer.Option(help="Folder of photos; a photo's sub-folder is its label.")],
    boxes: Annotated[
        Path | None, typer.Option(help="File or folder of boxes: csv, COCO, YOLO, VOC, ...; its labels count.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep renders, models and the report in this folder.")] = None,
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result there too.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of views and training.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Repeat with so many seeds, from --seed on.")] = 1,
    unseen: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Set so many of the photos apart: scored, not adapted to.")
    ] = None,
    unseen_photos: Annotated[Path | None, typer.Option(help="Folder of photos to score and not adapt to.")] = None,
    labelled: Annotated[str | None, typer.Option(metavar="1,3,5", help="Train with so many labels a class.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter; may be repeated.")
    ] = None,
) -> None:
    """Measure the whole chain on any folder of CAD and labelled photos. Prints JSON, and a table to standard error.

    Example: cad2real benchmark --parts mine/parts.csv --photos mine/photos --unseen 0.5 --out bench
    """
    import json

    from cad2real.errors import UserError
    from cad2real.files import write_json
    from flows.benchmark.labelled import parse_counts
    from flows.benchmark.measure import BenchmarkSpec, run_benchmark
    from flows.benchmark.seeds import run_seeds
    from flows.benchmark.table import benchmark_table
    from flows.benchmark.unseen import Unseen
    from flows.pipeline import print_progress
    from flows.processes import treat_sigterm_as_ctrl_c

    if unseen is not None and unseen_photos is not None:
        raise UserError("--unseen and --unseen-photos exclude each other.", "Leave one of them out.")
    if unseen is not None and not 0 < unseen < 1:
        raise UserError(f"--unseen {unseen:g} is not between 0 and 1.", "For example: --unseen 0.5")
    treat_sigterm_as_ctrl_c()
    apart = None if unseen is None and unseen_photos is None else Unseen(unseen, unseen_photos)
    counts = parse_counts(labelled) if labelled is not None else ()
    spec = BenchmarkSpec(parts, photos, boxes, seed, tuple(set_ or ()), apart, counts)
    result = run_benchmark(spec, out) if seeds == 1 else run_seeds(spec, seeds, out)
    if json_ is not None:
        write_json(json_, result)
    print_progress(benchmark_table(result))
    print(json.dumps(result, indent=1, ensure_ascii=False))


def watch(
    poll: Annotated[
        float | None, typer.Option(min=0.1, metavar="SECONDS", help="Look every so often: for network drives.")
    ] = None,
) -> None:
    """Run now and after every change of parts, photos, environment maps or params.yaml, until Ctrl-C.

    Example: cad2real watch
    """
    from flows.processes import treat_sigterm_as_ctrl_c
    from flows.project import prepare
    from flows.schedule.watch import run_in_subprocess, watch_project

    treat_sigterm_as_ctrl_c()
    root = Path()
    prepare(root)
    watch_project(root, lambda: run_in_subprocess(root), poll_s=poll)


def nightly(
    cron: Annotated[str, typer.Option(help="When: minute, hour, day, month, weekday.")] = "0 2 * * *",
    timezone: Annotated[str, typer.Option(help="Of the schedule.")] = "UTC",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of Prefect's page on this machine.")] = 4200,
) -> None:
    """Retrain on a schedule until Ctrl-C; a new model is used only if it is not worse than the one in use.

    Example: cad2real nightly --cron "0 2 * * *" --timezone Europe/Berlin
    """
    from flows.processes import treat_sigterm_as_ctrl_c
    from flows.schedule.nightly import serve_nightly

    treat_sigterm_as_ctrl_c()
    serve_nightly(Path(), cron, timezone, port)


def status() -> None:
    """Say what is stale and why, the last run, the model in use, disk use and what was skipped.

    Example: cad2real status
    """
    from cad2real.quoting import quoted
    from flows.health.status import status_lines

    for line in status_lines(Path()):
        print(quoted(line))


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Older versions too, and whether all of it fits.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend from good copies, or delete to be remade.")] = False,
) -> None:
    """Read every artifact and DVC's cache again and say what is damaged or missing.

    Example: cad2real verify --deep
    """
    from flows.health.verify import repair as repair_artifacts
    from flows.health.verify import verify as find_faults

    Layout.of_project()
    faults = find_faults(Path(), deep=deep or repair)
    for fault in faults:
        print(fault)
    if faults and repair:
        remaining = repair_artifacts(Path())
        for fault in remaining:
            print(f"not mended: {fault}")
        print("mended." if not remaining else "What is missing is made again by: cad2real run")
        faults = remaining
    elif not faults:
        print("everything is as it was written.")
    if faults:
        raise typer.Exit(1)


def doctor() -> None:
    """Check this machine and project: Python, packages, GPUs, disk, memory, DVC, Prefect. Says what to mend.

    Example: cad2real doctor
    """
    from flows.health.doctor import run_checks

    failed = 0
    for result in run_checks(Path()):
        print(result, flush=True)
        failed += not result.is_ok
    if failed:
        raise typer.Exit(1)
