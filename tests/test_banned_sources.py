"""What decides pixels and weights comes from inputs and seed: no global random state, no clock, no uuid, no hash that
differs from process to process, no order of files as the disk happens to give it.

Each finding is a place in the source. Where one is right all the same, it stands in ALLOWED with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("render", "photos", "train", "search")
SOURCES = sorted(path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py"))

MODULES = {"random", "secrets", "uuid"}
CALLS = {"time.time", "time.time_ns", "datetime.now", "datetime.today", "datetime.utcnow", "os.urandom", "hash"}
CLOCKS = {"time.monotonic", "time.perf_counter", "time.process_time"}
SEEDED = {"default_rng", "Generator", "PCG64", "SeedSequence"}
DRAWS = {"rand", "randn", "randint", "randperm", "multinomial", "bernoulli", "normal", "rand_like", "randn_like"}
FILLS = {"normal_", "uniform_", "bernoulli_", "exponential_", "random_"}
LISTINGS = {"glob", "rglob", "iterdir", "listdir", "scandir"}
ORDER_DOES_NOT_MATTER = {"sorted", "any", "all", "len", "set", "frozenset", "sum", "max", "min"}

ALLOWED = {
    ("train/stages/probe.py", "torch.manual_seed"): "weights: random are drawn by timm from the global state",
    ("train/find/network.py", "torch.manual_seed"): "the same, with the global state forked around it",
    ("train/find/likeness.py", "torch.manual_seed"): "the same",
    ("train/networks/transferable.py", "torch.manual_seed"): "the same",
    ("train/methods/batch.py", "torch.manual_seed"): "modules draw from the global state, which is forked around it",
    ("train/loop/adaptation.py", "clock"): "ends a run at most_minutes, where someone sets them",
    ("train/compute/peers.py", "secrets"): "keeps strangers from the connections between the processes of a training",
    ("search/web/feedback.py", "datetime.now"): "when somebody said something, for people",
    ("search/web/https.py", "datetime.now"): "until when a certificate holds",
    ("search/web/guard.py", "clock"): "how often one address asks",
    ("search/web/live.py", "clock"): "how long an answer took, and when the index was looked at",
    ("search/web/live.py", "secrets"): "names of answers that nobody guesses",
    ("render/farm/*", "clock"): "tells a renderer that hangs from one that works",
    ("render/bench.py", "clock"): "measures",
    ("cad2real/process_limits.py", "clock"): "limits what a stranger's file may take",
}
SORTED_LATER = {
    "render/farm/content_hashes.py": "the entries of the open folder are sorted on the next line",
    "render/views/environment_maps.py": "the package bpy has one such folder",
}


def dotted(node: ast.expr) -> str:
    """`np.random.rand` of an attribute's chain; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def findings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what) of everything banned in `tree`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield node.lineno, str(node.module)
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in banned_call(node))


def banned_call(call: ast.Call) -> Iterator[str]:
    name = dotted(call.func)
    last = name.rsplit(".", 1)[-1]
    keywords = {keyword.arg for keyword in call.keywords}
    if name in CALLS:
        yield name
    elif name in CLOCKS:
        yield "clock"
    elif name == "torch.manual_seed" or (
        name.startswith(("np.random.", "numpy.random."))
        and (last not in SEEDED or (last == "default_rng" and not call.args))
    ):
        yield name
    elif (name.startswith("torch.") and last in DRAWS and "generator" not in keywords) or (
        isinstance(call.func, ast.Attribute) and call.func.attr in FILLS and "generator" not in keywords
    ):
        yield f"{last or call.func.attr} without generator"  # type: ignore[attr-defined]


def is_allowed(path: str, what: str) -> bool:
    return any(Path(path).match(place) and what == allowed for place, allowed in ALLOWED)


def test_nothing_that_decides_pixels_or_weights_comes_from_outside_the_seed() -> None:
    found = [
        f"{name}:{line}: {what}"
        for path in SOURCES
        for name in [path.relative_to(REPOSITORY).as_posix()]
        for line, what in findings(ast.parse(path.read_text()))
        if not is_allowed(name, what)
    ]
    assert not found, "\n".join(found)


def test_files_are_read_in_a_fixed_order() -> None:
    """A folder's listing is sorted, or goes where its order cannot matter."""
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name = path.relative_to(REPOSITORY).as_posix()
            if node.func.attr in LISTINGS and not order_is_lost(node, parents) and name not in SORTED_LATER:
                found.append(f"{name}:{node.lineno}: {ast.unparse(parents[node])[:80]}")
    assert not found, "\n".join(found)


def order_is_lost(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether what surrounds `node` in its statement sorts or counts it, or the loop over it deletes each item."""
    at = node
    while at in parents and not isinstance(at, ast.stmt):
        at = parents[at]
        if isinstance(at, ast.SetComp) or (isinstance(at, ast.Call) and dotted(at.func) in ORDER_DOES_NOT_MATTER):
            return True
    return isinstance(at, ast.For) and any(
        isinstance(inside, ast.Attribute) and inside.attr in {"unlink", "rmtree"}
        for statement in at.body
        for inside in ast.walk(statement)
    )


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from uuid import uuid4",
        "np.random.rand(3)",
        "np.random.default_rng()",
        "torch.rand(3)",
        "torch.randperm(4)",
        "weights.normal_(0, 1)",
        "torch.manual_seed(0)",
        "time.time()",
        "datetime.now()",
        "hash(name)",
    ],
)
def test_the_ban_sees_each_source(source: str) -> None:
    assert list(findings(ast.parse(source)))


@pytest.mark.parametrize(
    "source", ["np.random.default_rng(seed)", "torch.rand(3, generator=rng)", "weights.normal_(0, 1, generator=rng)"]
)
def test_the_ban_leaves_seeded_draws_alone(source: str) -> None:
    assert not list(findings(ast.parse(source)))
