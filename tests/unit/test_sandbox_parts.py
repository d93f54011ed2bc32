"""How the sandbox finds its parts: Debian's mirrors, Odoo's modules, a server's pid."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from workbench.errors import MissingPartError, SandboxError
from workbench.sandbox import apt, processes
from workbench.sandbox.odoo import postgres, provider
from workbench.sandbox.odoo.account import invoking_account
from workbench.sandbox.odoo.connection import OdooConnection

DEB822 = """\
# The distribution
Types: deb deb-src
URIs: http://mirror.example.org/debian
Suites: bookworm
 bookworm-updates
Components: main contrib

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example.org/debian
Suites: bookworm
Components: main
"""


@pytest.fixture
def bookworm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this machine a Debian 12, whatever it is."""
    monkeypatch.setattr(apt, "codename", lambda: "bookworm")


@pytest.mark.usefixtures("bookworm")
def test_the_mirror_is_found_in_both_forms_of_the_source_list(tmp_path: Path) -> None:
    """One-line and deb822 sources count; what is switched off or of another suite does not."""
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(DEB822)
    (parts / "vendor.list").write_text(
        "deb [arch=amd64 signed-by=/k.gpg] https://vendor.example.com/apt vendor-bookworm main\n"
        "deb https://tools.example.com/linux bookworm stable\n"
    )
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example.org/debian bookworm main\n"
        "deb [arch=amd64] https://other.example.net/packages bookworm main # beside Debian's\n"
        "deb-src http://mirror.example.org/debian bookworm main\n"
    )

    assert [mirror.uri for mirror in apt.mirrors(tmp_path)] == [
        "http://mirror.example.org/debian",
        "https://other.example.net/packages",
    ]


@pytest.mark.usefixtures("bookworm")
def test_a_machine_without_sources_has_no_mirror(tmp_path: Path) -> None:
    """No source list at all is no error yet; the update will say that no mirror answered."""
    assert apt.mirrors(tmp_path) == []


def test_a_machine_without_apt_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where apt-get is not installed, the error names it."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(MissingPartError, match="apt-get"):
        apt.PrivateApt(tmp_path, suite="sid").update()


def test_no_debian_and_no_odoo_is_a_missing_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any way to a real Odoo the error says how to get one; there is no imitation."""

    def no_debian() -> str:
        what = "This machine is not a Debian."
        raise MissingPartError(what)

    monkeypatch.delenv("WORKBENCH_ODOO_SOURCE", raising=False)
    monkeypatch.setattr(provider, "codename", no_debian)
    with pytest.raises(MissingPartError, match="WORKBENCH_ODOO_SOURCE"):
        provider.provide(tmp_path, progress=print)


@pytest.mark.parametrize("series", ["18, 0", "saas~17, 4"])
def test_an_odoo_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, series: str
) -> None:
    """The sandbox speaks JSON-2, which came with Odoo 19."""
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo/release.py").write_text(f"version_info = ({series}, 0, 'final', 0, '')\n")
    monkeypatch.setenv("WORKBENCH_ODOO_SOURCE", str(tmp_path))
    with pytest.raises(MissingPartError, match="19"):
        provider.provide(tmp_path, progress=print)


def test_an_odoo_pointed_at_is_used_with_all_its_addons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout keeps its addons in two folders; both are used, and its version is read."""
    for folder in ("odoo/addons", "addons"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "odoo/release.py").write_text("version_info = (19, 0, 0, 'final', 0, '')\n")
    monkeypatch.setenv("WORKBENCH_ODOO_SOURCE", str(tmp_path))
    found = provider.provide(tmp_path, progress=print)

    assert found.version == "19.0"
    assert found.addons == (tmp_path / "addons", tmp_path / "odoo/addons")


def test_the_modules_to_unpack_are_those_odoo_will_install() -> None:
    """Dependencies of dependencies count, and so do modules that install themselves then."""
    manifests: dict[str, dict[str, object]] = {
        "base": {"depends": []},
        "web": {"depends": ["base"]},
        "mail": {"depends": ["web"]},
        "crm": {"depends": ["mail"]},
        "crm_sms": {"depends": ["crm"], "auto_install": True},
        "glue": {"depends": ["crm", "stock"], "auto_install": ["crm"]},
        "stock": {"depends": ["base"]},
        "stock_sms": {"depends": ["stock", "shop"], "auto_install": True},
        "shop": {},
    }

    assert provider.closure(manifests, ["crm"]) == {
        *("base", "web", "mail", "crm", "crm_sms", "glue", "stock"),
    }
    with pytest.raises(SandboxError, match="calendar"):
        provider.closure(manifests, ["calendar"])


def test_a_link_that_leads_nowhere_is_mended(tmp_path: Path) -> None:
    """Fonts that Debian has moved are found by their name; a lost script is an error."""
    fonts = tmp_path / "usr/share/fonts/moved"
    addons = tmp_path / provider.LIBRARY / "odoo/addons/web"
    for folder in (fonts, addons):
        folder.mkdir(parents=True)
    (fonts / "icons.ttf").write_bytes(b"font")
    (addons / "icons.ttf").symlink_to("../nowhere/icons.ttf")
    provider._mend_links(tmp_path)

    assert (addons / "icons.ttf").read_bytes() == b"font"
    (addons / "jquery.js").symlink_to("../nowhere/jquery.js")
    with pytest.raises(SandboxError, match=r"jquery\.js"):
        provider._mend_links(tmp_path)


def test_a_pid_alone_proves_nothing(tmp_path: Path) -> None:
    """A recorded pid that another program has by now is neither taken for ours nor ended."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        pidfile = tmp_path / "server.pid"
        pidfile.write_text(str(stranger.pid))
        processes.end_recorded(pidfile, tmp_path / "odoo.conf")
        survived = stranger.poll() is None
        stranger.kill()

    assert survived
    assert not pidfile.exists()


def test_a_server_outlives_its_starter_and_ends_when_told(tmp_path: Path) -> None:
    """A started server has its pid written down, is no child of ours, and is gone after `end`."""
    marker = tmp_path / "server.py"
    marker.write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    log, pidfile = tmp_path / "log", tmp_path / "pid"
    pid = processes.spawn(
        [sys.executable, marker],
        account=invoking_account(),
        log=log,
        pidfile=pidfile,
        env=dict(os.environ),
    )
    wait_until(lambda: processes.tail(log) == "up", seconds=20, what="the server said so")
    alive = processes.alive(pid, marker)
    recorded = pidfile.read_text().strip()
    processes.end(pid, marker)

    assert alive
    assert recorded == str(pid)
    assert not processes.alive(pid, marker)
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_a_named_postgresql_that_is_none_is_a_missing_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WORKBENCH_PG_BINDIR is believed or refused, never silently replaced."""
    monkeypatch.setenv("WORKBENCH_PG_BINDIR", str(tmp_path))
    with pytest.raises(MissingPartError, match="WORKBENCH_PG_BINDIR"):
        postgres.find_binaries(invoking_account(), tmp_path, progress=print)


def test_a_connection_shows_no_secret() -> None:
    """Its repr has the address and the database, and its JSON has every field."""
    secret = {"password": "hidden-1", "api_key": "hidden-2", "dsn": "hidden-3"}
    known = OdooConnection(url="http://127.0.0.1:1", database="demo", login="admin", **secret)

    assert "hidden" not in repr(known)
    assert known.as_json() == {
        "url": "http://127.0.0.1:1",
        "database": "demo",
        "login": "admin",
        **secret,
    }
