"""The environment of a run: Prefect's state in the project folder, and no telemetry."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cad2real.errors import UserError
from cad2real.import_path import without_safe_path
from flows.ownership import refuse_foreign_project
from flows.service_password import service_password

PROJECT_VARIABLE = "CAD2REAL_PROJECT"
"""The folder that the nightly flow retrains; without it the one that its process works in."""
DVC_CACHE = Path("data") / "cache" / "dvc"
"""DVC keeps pickles in a folder that all users share unless another is named (its core.site_cache_dir)."""
QUIET = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Lines of the stages are printed by the run itself; Prefect keeps them for its page but does not print them again.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
}
PASSWORDS = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
"""What a server asks for, and what its programs answer."""
NO_PROXY = ("no_proxy", "NO_PROXY")
THIS_MACHINE = "127.0.0.1"
SECRETS = (*PASSWORDS, "PREFECT_API_KEY")
"""No stage needs them, nor what it starts."""
NO_SERVER_OF_PREFECTS_OWN = {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"}
"""Prefect would choose a port, leave it free for a moment, and tell whoever took it the password."""


def run_environment(root: Path) -> dict[str, str]:
    """The environment in which flows and DVC run for the project at `root`.

    Variables that the user has set stay. With PREFECT_API_URL set, that server is used and nothing is started. Raises
    UserError when the project belongs to another user.
    """
    refuse_foreign_project(root)
    defaults = dict(QUIET)
    if (root / "dvc.yaml").exists():
        defaults["DVC_SITE_CACHE_DIR"] = str(private_folder(root / DVC_CACHE).resolve())
    if not os.environ.get("PREFECT_API_URL"):
        defaults |= NO_SERVER_OF_PREFECTS_OWN
        defaults["PREFECT_HOME"] = str((root / ".prefect").resolve())
    environment = without_safe_path({**defaults, **os.environ})
    if not os.environ.get("PREFECT_API_URL"):
        environment |= dict.fromkeys(
            NO_PROXY, _and_this_machine(next(filter(None, map(environment.get, NO_PROXY)), ""))
        )
    # `cad2real` and `dvc` in the stages' commands are the ones of this environment, activated or not.
    binaries = str(Path(sys.executable).parent)
    path = environment.get("PATH", os.defpath).split(os.pathsep)
    environment["PATH"] = os.pathsep.join([binaries, *(entry for entry in path if entry != binaries)])
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def _and_this_machine(hosts: str) -> str:
    """`hosts` that are reached without the network's proxy (commas between), and this machine: its server's password is
    not for the proxy.
    """
    return hosts if THIS_MACHINE in hosts.split(",") else ",".join(filter(None, [hosts, THIS_MACHINE]))


def private_folder(path: Path) -> Path:
    """`path`, which is made if it is not there, for its owner alone. Raises UserError when that cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise UserError(
            f"{path} cannot be made ({error.strerror}).", "Make room, or mend the folder's rights."
        ) from None
    return path


def apply_environment(root: Path) -> None:
    """Makes `run_environment` this process's own. Prefect reads it at import, so call this before importing it.

    A server that is started from now on asks for the project's password: other users reach 127.0.0.1 too.
    """
    os.environ.update(run_environment(root))
    if not os.environ.get("PREFECT_API_URL"):
        private_folder(root / ".prefect")
        os.environ.update(dict.fromkeys(PASSWORDS, service_password(root)))
