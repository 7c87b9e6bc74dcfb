"""Certificates of one's own for `serve --https`: browsers give pages a camera and an app only where what passes is
encrypted.

An authority is made once for the user, and signs a certificate for this machine's names at each start. Who installs the
authority's certificate on a phone (`/certificate`) is never warned again; who does not is asked once.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cad2real.errors import UserError
from cad2real.files import atomic_file

if TYPE_CHECKING:
    import trustme

CERTIFICATE, KEY = "authority.pem", "authority.key"
VALID_DAYS = 397  # more is refused by iOS and Safari


def authority_folder() -> Path:
    """Where the authority lies: with the user, not in a project, which others may get."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "cad2real"


def own_authority(folder: Path) -> trustme.CA:
    """The authority in `folder`, made where there is none. Its key can be read by its user alone. Raises UserError when
    it is damaged or cannot be written.
    """
    import trustme  # with its cryptography a twentieth of a start, and few ask for it

    certificate, key = folder / CERTIFICATE, folder / KEY
    try:
        if certificate.is_file() and key.is_file():
            return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        authority = trustme.CA(organization_name="cad2real", organization_unit_name=socket.gethostname()[:60])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_file(key) as temporary:
            temporary.touch(0o600)
            temporary.chmod(0o600)
            temporary.write_bytes(authority.private_key_pem.bytes())
        with atomic_file(certificate) as temporary:
            temporary.write_bytes(authority.cert_pem.bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} holds no usable certificate ({error}).", "Delete it; it is made anew.") from None
    return authority


def context(authority: trustme.CA, names: Sequence[str]) -> ssl.SSLContext:
    """What a server of these host names and addresses encrypts with."""
    until = datetime.now(UTC) + timedelta(days=VALID_DAYS)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*names, common_name=names[0], not_after=until).configure_cert(made)
    return made


def lan_addresses() -> list[str]:
    """IPv4 addresses of this machine that others may reach."""
    import psutil

    found = []
    for some in psutil.net_if_addrs().values():
        for one in some:
            with suppress(ValueError):
                if one.family == socket.AF_INET and not ip_address(one.address).is_loopback:
                    found.append(one.address)
    return sorted(found, key=lambda address: (not ip_address(address).is_private, address))


def own_names(host: str) -> list[str]:
    """The names under which a server that listens on `host` is reached, the one to tell people first."""
    machine = socket.gethostname()
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104
    reached = [*lan_addresses(), machine, f"{machine}.local"] if everywhere else [host]
    usable = [name for name in (*reached, "localhost", "127.0.0.1", "::1") if name and len(name) <= 200]
    return list(dict.fromkeys(usable))
