"""Brings the store that params.yaml names to what an index has, and opens it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cad2real.errors import UserError
from cad2real.files import atomic_folder, read_json, write_json
from cad2real.layout import Layout
from search.index import Index
from search.params import SearchParams
from search.stores.qdrant import QdrantStore, connected, forget
from search.stores.qdrant_edge import EdgeStore
from search.stores.store import PartRows, VectorStore

MEMORY, FOLDER = "store.json", "vectors"
REMEDY = "Run `cad2real index`, or set search.store: exact."


def publish(layout: Layout, params: SearchParams, index: Index) -> None:
    """Puts into the store what of `index` it does not have, and takes out what the index has no more. Raises UserError
    where the store cannot be reached or is not installed.
    """
    if params.store == "exact":
        return
    digests = _digests(index)
    if params.store == "qdrant_edge":
        _publish_folder(layout, index, digests)
    else:
        _publish_to_server(layout, params, index, digests)


def opened_store(layout: Layout, params: SearchParams, index: Index) -> VectorStore | None:
    """The store that has the rows of `index`, None where they are compared in memory. Raises UserError where it has
    them not.
    """
    if params.store == "exact":
        return None
    if params.store == "qdrant_edge":
        folder = layout.cache / FOLDER / _fingerprint(_digests(index))
        if not folder.is_dir():
            raise UserError("The store of vectors is of another index.", REMEDY)
        return EdgeStore(folder, index.embeddings.shape[1])
    store = QdrantStore(connected(params.qdrant_url), _collection(index), index.embeddings.shape[1])
    if store.count() < len(index.views):
        raise UserError(f"{params.qdrant_url} has not all views of the index.", REMEDY)
    return store


@dataclass(frozen=True)
class _Known:
    """What a store was given: a hash of each part's rows, by its id."""

    place: str
    parts: dict[str, str]


def _publish_folder(layout: Layout, index: Index, digests: dict[str, str]) -> None:
    """A folder for each index, so that a server reads the one of its own index until it takes the next."""
    target = layout.cache / FOLDER / _fingerprint(digests)
    if target.is_dir():
        _remember(layout, _Known(target.name, digests))
        return
    known = _read(layout)
    before = layout.cache / FOLDER / (known.place if known else "-")
    with atomic_folder(target) as folder:
        if known and before.is_dir():
            shutil.copytree(before, folder, dirs_exist_ok=True)
        store = EdgeStore(folder, index.embeddings.shape[1])
        _bring_up(store, index, digests, known.parts if known and before.is_dir() else {})
        store.settle()
        store.close()
    _remember(layout, _Known(target.name, digests))
    for other in sorted(target.parent.iterdir()):
        if other.name not in {target.name, before.name}:  # a server may still read the one before
            shutil.rmtree(other, ignore_errors=True)


def _publish_to_server(layout: Layout, params: SearchParams, index: Index, digests: dict[str, str]) -> None:
    client, collection = connected(params.qdrant_url), _collection(index)
    place, known = f"{params.qdrant_url} {collection}", _read(layout)
    if known is None or known.place != place:
        known = None
        forget(client, collection)  # what nobody here knows the parts of
    store = QdrantStore(client, collection, index.embeddings.shape[1])
    _bring_up(store, index, digests, known.parts if known else {})
    if known and store.count() != len(index.views):  # somebody else changed it
        forget(client, collection)
        store = QdrantStore(client, collection, index.embeddings.shape[1])
        _bring_up(store, index, digests, {})
    _remember(layout, _Known(place, digests))


def _bring_up(store: VectorStore, index: Index, digests: dict[str, str], known: dict[str, str]) -> None:
    for part_id in known.keys() - digests.keys():
        store.remove(part_id)
    for rows in _parts(index):
        if known.get(rows.part.part_id) != digests[rows.part.part_id]:
            store.add(rows)


def _parts(index: Index) -> Iterator[PartRows]:
    order = np.argsort(index.part_rows, kind="stable")
    numbers, starts = np.unique(index.part_rows[order], return_index=True)
    for number, rows in zip(numbers, np.split(order, starts[1:]), strict=True):
        yield PartRows(index.parts[number], index.embeddings[rows], tuple(index.views[row] for row in rows))


def _digests(index: Index) -> dict[str, str]:
    """A hash of each part: of what stores are told of it, its views and their embeddings."""
    found = {}
    for rows in _parts(index):
        digest = hashlib.blake2b(repr((replace(rows.part, handicap=0.0), rows.views)).encode(), digest_size=12)
        digest.update(np.ascontiguousarray(rows.embeddings).tobytes())
        found[rows.part.part_id] = digest.hexdigest()
    return found


def _fingerprint(digests: dict[str, str]) -> str:
    return hashlib.blake2b(json.dumps(sorted(digests.items())).encode(), digest_size=8).hexdigest()


def _collection(index: Index) -> str:
    """Of its own for each model: vectors of two mean nothing to each other."""
    return f"cad2real_{hashlib.blake2b(index.model_key.encode(), digest_size=8).hexdigest()}"


def _read(layout: Layout) -> _Known | None:
    try:
        said = read_json(layout.cache / MEMORY, "place", "parts")
        return _Known(str(said["place"]), dict(said["parts"]))
    except (OSError, ValueError, TypeError):
        return None


def _remember(layout: Layout, known: _Known) -> None:
    write_json(layout.cache / MEMORY, {"place": known.place, "parts": known.parts})
