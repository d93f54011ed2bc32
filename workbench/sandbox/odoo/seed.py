"""The seed: an initialised cluster with the template database, made once and copied after that.

Making it takes half a minute (Odoo installs its modules); copying it takes a second. A copy is a
whole PostgreSQL data folder with Odoo's files, so instances share nothing that is written to.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SandboxError
from workbench.sandbox import processes
from workbench.sandbox.cache import Progress, made, write_private
from workbench.sandbox.odoo import postgres
from workbench.sandbox.odoo.account import Account
from workbench.sandbox.odoo.postgres import ROLE, Binaries, Cluster
from workbench.sandbox.odoo.provider import MODULES, Source
from workbench.sandbox.odoo.server import Odoo

RECIPE = 2
"""Raised when a change below makes seeds of the past unfit."""

TEMPLATE = "wb_template"
LOGIN = "admin"
LANGUAGES = ("nl_NL", "fr_FR", "de_DE")

# Run inside `odoo shell`. The addresses Odoo would call for enrichment lead to a closed port of
# this machine: a sandbox talks to nobody. The web client's bundles are built here once (about
# seven seconds), or every copy would build them at its first page.
SCRIPT = """
import json
given = json.loads({given!r})
admin = env.ref("base.user_admin")
admin.write({{"password": given["password"], "email": "admin@example.com"}})
if "tour_enabled" in admin._fields:
    admin.write({{"tour_enabled": False}})
for code in given["languages"]:
    env["res.lang"]._activate_lang(code)
modules = env["ir.module.module"].search([("state", "=", "installed")])
modules._update_translations(given["languages"])
settings = env["ir.config_parameter"]
settings.set_param("web.base.url.freeze", "True")
for name in ("iap.endpoint", "iap.partner_autocomplete.endpoint", "enrich.endpoint"):
    settings.set_param(name, "http://127.0.0.1:9")
for bundle in ("web.assets_web", "web.assets_frontend"):
    found = env["ir.qweb"]._get_asset_bundle(bundle, css=True, js=True)
    found.js()
    found.css()
env["mail.mail"].search([]).unlink()  # "your password was changed": nobody needs to know
key = env["res.users.apikeys"].with_user(admin)._generate("rpc", "Workbench sandbox", None)
env.cr.commit()
print("SEED " + json.dumps({{"api_key": key}}))
"""


@dataclass(frozen=True, slots=True, repr=False)
class Seed:
    """Where a finished seed lies, and the secrets that every copy of it shares."""

    folder: Path
    password: str
    api_key: str
    database_password: str
    master: str


def seed_key(source: Source, binaries: Binaries, account: Account) -> str:
    """Name the seed that fits these parts: another version of any of them needs another."""
    parts = [RECIPE, source.provider, source.version, str(source.root), binaries.major]
    return hashlib.sha256(json.dumps([*parts, account.uid, LANGUAGES]).encode()).hexdigest()[:12]


def ensure_seed(
    home: Path,
    source: Source,
    *,
    python: Path,
    binaries: Binaries,
    accounts: tuple[Account, Account],
    progress: Progress,
) -> Seed:
    """Return the seed for these parts, made if there is none.

    Args:
        home: where seeds lie.
        source: the Odoo.
        python: the Python of its environment.
        binaries: the PostgreSQL.
        accounts: who runs PostgreSQL, who runs Odoo.
        progress: told what takes long.

    Raises:
        SandboxError: PostgreSQL or Odoo failed; names the log. A half-made seed is thrown away
            by the next try.
    """
    folder = home / "seeds" / seed_key(source, binaries, accounts[1])
    record = folder / "seed.json"
    if not record.exists():
        _make(
            folder,
            source,
            python=python,
            binaries=binaries,
            accounts=accounts,
            progress=progress,
        )
    return Seed(folder, **json.loads(record.read_text(encoding="utf-8")))


def copy_seed(seed: Seed, target: Path) -> None:
    """Copy the seed's cluster and Odoo's files to `target`, owners and all; whole or not at all."""
    draft = target.with_name(f"{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    made(draft.parent)
    words = ["-a", "--reflink=auto"] if sys.platform == "linux" else ["-a", "-p"]
    answer = subprocess.run(
        ["cp", *words, seed.folder / "server", draft], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        what = f"The sandbox's database could not be copied ({answer.stderr.strip()[-200:]})."
        raise SandboxError(
            what,
            do="See that the disk has 500 MB to spare, then try again.",
        )
    draft.replace(target)


def stop_half_made(seeds: Path) -> None:
    """End the server of a seed whose making was killed. Only for the holder of the parts lock."""
    for draft in seeds.glob("*.part"):
        postgres.stop(draft / "server/pgdata/cluster")


def owned_folder(folder: Path, account: Account) -> Path:
    """Make a folder that only `account` may enter."""
    folder.mkdir(parents=True, exist_ok=True)
    if account.other:
        os.chown(folder, *account.owner)
    folder.chmod(0o700)
    return folder


def _make(
    folder: Path,
    source: Source,
    *,
    python: Path,
    binaries: Binaries,
    accounts: tuple[Account, Account],
    progress: Progress,
) -> None:
    draft = folder.with_name(f"{folder.name}.part")
    stop_half_made(folder.parent)
    shutil.rmtree(draft, ignore_errors=True)
    made(draft)
    made(draft / "server")
    secret = {
        "password": secrets.token_urlsafe(12),
        "database_password": secrets.token_hex(16),
        "master": secrets.token_hex(16),
    }
    data = owned_folder(draft / "server/pgdata", accounts[0])
    cluster = Cluster(
        binaries=binaries,
        data=data / "cluster",
        account=accounts[0],
        port=processes.free_port(),
        password=secret["database_password"],
    )
    progress(f"Making a PostgreSQL {binaries.version} cluster ({binaries.brought_by})")
    cluster.initialise()
    cluster.start(data / "postgres.log")
    odoo = Odoo(
        source=source,
        python=python,
        account=accounts[1],
        folder=owned_folder(draft / "server/odoo", accounts[1]),
        cluster=cluster,
        master=secret["master"],
    )
    try:
        cluster.sql(f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{secret['database_password']}';")
        odoo.configure(processes.free_port())
        progress(f"Installing {', '.join(MODULES)} in a template database (about 20 s)")
        odoo.command(["server", "-d", TEMPLATE, "-i", ",".join(MODULES), "--stop-after-init"])
        progress("Adding languages, the administrator's key and the web client's bundles")
        given = json.dumps({"password": secret["password"], "languages": LANGUAGES})
        printed = odoo.command(
            ["shell", "-d", TEMPLATE, "--no-http"], stdin=SCRIPT.format(given=given)
        )
        answer = [line for line in printed.splitlines() if line.startswith("SEED ")]
        if not answer:
            what = f"Odoo did not finish its first database; the log is {odoo.setup_log}."
            raise SandboxError(what)
        secret["api_key"] = json.loads(answer[-1].removeprefix("SEED "))["api_key"]
        cluster.sql("VACUUM ANALYZE;", database=TEMPLATE)
        cluster.sql(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false;")
    finally:
        postgres.stop(cluster.data)
    write_private(draft / "seed.json", json.dumps(secret))
    draft.replace(folder)
