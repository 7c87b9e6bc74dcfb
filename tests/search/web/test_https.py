"""Encrypted by a certificate of one's own, installable on a phone, and a token that `ps` does not show."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from packaging.utils import canonicalize_name
from starlette.testclient import TestClient
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from search.web.app import create_app
from search.web.https import CERTIFICATE, KEY, authority_folder, context, lan_addresses, own_authority, own_names
from search.web.serve import _listening, read_token, server_config


@pytest.fixture
def encrypted(shop: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The shop's page by https: its address, and the authority's folder."""
    authority = own_authority(tmp_path / "authority")
    app = create_app(shop, None, authority.cert_pem.bytes())
    listening = _listening("127.0.0.1", 0)
    server = uvicorn.Server(server_config(app, context(authority, own_names("127.0.0.1"))))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"https://127.0.0.1:{listening.getsockname()[1]}", tmp_path / "authority"
    server.should_exit = True
    thread.join(10)


def test_who_trusts_the_authority_is_served_and_others_are_warned(encrypted: tuple[str, Path]) -> None:
    address, folder = encrypted
    trusting = ssl.create_default_context(cafile=str(folder / CERTIFICATE))
    with urllib.request.urlopen(f"{address}/health", context=trusting) as answer:
        assert answer.read() == b"ok\n"
    with urllib.request.urlopen(f"{address}/certificate", context=trusting) as answer:
        assert answer.read() == (folder / CERTIFICATE).read_bytes()
        assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
        urllib.request.urlopen(f"{address}/health")
    with pytest.raises((urllib.error.URLError, ConnectionError, socket.timeout)):
        urllib.request.urlopen(address.replace("https", "http"), timeout=5)


def test_the_authority_is_made_once_and_its_key_is_the_users_alone(tmp_path: Path) -> None:
    first = own_authority(tmp_path / "new/folder").cert_pem.bytes()
    assert own_authority(tmp_path / "new/folder").cert_pem.bytes() == first
    assert stat.S_IMODE((tmp_path / "new/folder" / KEY).stat().st_mode) == 0o600
    assert b"PRIVATE" not in (tmp_path / "new/folder" / CERTIFICATE).read_bytes()
    (tmp_path / "new/folder" / KEY).write_text("no key")
    with pytest.raises(UserError, match="no usable certificate"):
        own_authority(tmp_path / "new/folder")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="no usable certificate"):
        own_authority(tmp_path / "file/below")


def test_it_lies_with_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert authority_folder() == tmp_path / "cad2real"


def test_names_are_those_under_which_the_server_is_reached() -> None:
    assert own_names("192.0.2.7") == ["192.0.2.7", "localhost", "127.0.0.1", "::1"]
    everywhere = own_names("0.0.0.0")
    assert set(lan_addresses()) <= set(everywhere) and "localhost" in everywhere and "0.0.0.0" not in everywhere


def test_a_plain_server_has_no_certificate_but_a_manifest_and_a_worker(client: TestClient) -> None:
    assert client.get("/certificate").status_code == 404
    manifest = client.get("/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert client.get(manifest.json()["icons"][0]["src"]).status_code == 200
    worker = client.get("/service-worker.js")
    assert (
        worker.headers["content-type"].startswith("text/javascript")
        and "worker-src 'self'" in worker.headers["content-security-policy"]
    )
    assert client.get("/offline").status_code == 200


def test_with_a_token_only_what_says_nothing_is_open(shop: Path) -> None:
    with TestClient(create_app(shop, "a long token", b"pem"), base_url="https://127.0.0.1:8000") as client:
        for path in ("/manifest.webmanifest", "/static/icon.svg", "/certificate"):
            assert client.get(path).status_code == 200
        for path in ("/offline", "/service-worker.js", "/api/parts"):
            assert client.get(path).status_code == 401
        let_in = client.post("/login", data={"token": "a long token"}, follow_redirects=False)
        assert "secure" in let_in.headers["set-cookie"].lower()


def test_the_token_is_read_from_a_file_or_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CAD2REAL_TOKEN", "from the environment")
    assert read_token(None) == "from the environment"
    (tmp_path / "token").write_text("from a file\n")
    assert read_token(tmp_path / "token") == "from a file"
    monkeypatch.delenv("CAD2REAL_TOKEN")
    assert read_token(None) is None
    (tmp_path / "token").write_text(" \n")
    with pytest.raises(UserError, match="is empty"):
        read_token(tmp_path / "token")
    with pytest.raises(UserError, match="cannot be read"):
        read_token(tmp_path / "missing")


def test_help_suggests_no_token_on_the_command_line() -> None:
    said = CliRunner().invoke(cad2real.cli.app, ["serve", "--help"], env={"COLUMNS": "200"}).stdout
    assert "--token-file" in said and "--token " not in said and "--https" in said


def test_what_the_container_installs_is_pinned() -> None:
    root = Path(__file__).parents[3]
    wanted = [line for line in (root / "tools/serve.txt").read_text().splitlines() if not line.startswith("#")]
    pins = {line.split("==")[0] for line in (root / "requirements.lock").read_text().splitlines()}
    assert wanted == sorted(wanted) and {canonicalize_name(name) for name in wanted} <= pins
    assert not {"torch", "bpy", "prefect", "dvc"} & set(wanted)
