"""Databases of a running instance: copied from the template, dropped, reset, given users."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

import httpx

from workbench.errors import SandboxError, UsageError
from workbench.sandbox.odoo.account import Account, invoking_account, server_account
from workbench.sandbox.odoo.connection import OdooConnection
from workbench.sandbox.odoo.instance import Running
from workbench.sandbox.odoo.postgres import ROLE, Binaries, Cluster
from workbench.sandbox.odoo.seed import TEMPLATE

RESERVED = {TEMPLATE, "postgres", "template0", "template1"}
CALL_SECONDS = 60.0
STRATEGIES = 15
"""The first PostgreSQL that lets one choose how a database is copied."""

QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "no_reset_password": True,
}

# A copy must be a database of its own: a uuid of its own, and a registry number that no database
# of the same name had before it, or Odoo would go on with the models it remembers for that name.
AFTER_COPY = """
UPDATE ir_config_parameter SET value = '{uuid}' WHERE key = 'database.uuid';
UPDATE ir_config_parameter SET value = '{url}' WHERE key = 'web.base.url';
SELECT setval('orm_signaling_registry_id_seq', 1000 + (random() * 1000000000)::int);
INSERT INTO orm_signaling_registry DEFAULT VALUES;
"""


def cluster_of(running: Running) -> Cluster:
    """Return the handle of the PostgreSQL that is running."""
    binaries = Binaries(
        Path(running.postgres_bindir), running.postgres_version, running.postgres_brought_by
    )
    return Cluster(
        binaries=binaries,
        data=Path(running.folder) / "pgdata/cluster",
        account=server_account(),
        port=running.postgres_port,
        password=running.database_password,
    )


def names(running: Running) -> list[str]:
    """List the databases, the template left out; ordered by name."""
    rows = cluster_of(running).sql("SELECT datname FROM pg_database WHERE NOT datistemplate;")
    return sorted(set(rows) - RESERVED)


def create(running: Running, name: str) -> OdooConnection:
    """Copy the template to a new database `name`, with its files.

    Several processes may do so at once: nobody is ever connected to the template.

    Raises:
        UsageError: the name cannot name a database.
        SandboxError: a database of that name exists, or PostgreSQL refused.
    """
    _check(name)
    cluster = cluster_of(running)
    # Copying files writes half of what copying through the log does, which is 15's default.
    how = " STRATEGY FILE_COPY" if cluster.binaries.major >= STRATEGIES else ""
    cluster.sql(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {ROLE}{how};')
    cluster.sql(AFTER_COPY.format(uuid=uuid.uuid4(), url=running.url), database=name)
    store = Path(running.folder) / "odoo/data/filestore"
    _copy_files(store / TEMPLATE, store / name, account=_odoo_account(running))
    return running.connection(name)


def drop(running: Running, name: str) -> None:
    """Remove a database and its files; one that is not there is no error.

    Odoo is asked first, so that it lets go of its connections and of the models it remembers;
    PostgreSQL makes sure.
    """
    _check(name)
    if name not in names(running):
        return
    try:
        httpx.post(
            f"{running.url}/web/database/drop",
            data={"master_pwd": running.master, "name": name},
            timeout=CALL_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        what = (
            f"Odoo did not answer when the database {name} was to be dropped "
            f"({type(error).__name__})."
        )
        raise SandboxError(what) from error
    cluster_of(running).sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE);')
    shutil.rmtree(Path(running.folder) / "odoo/data/filestore" / name, ignore_errors=True)


def set_url(running: Running, name: str) -> None:
    """Tell a database that was kept the address that Odoo has this time."""
    cluster_of(running).sql(
        f"UPDATE ir_config_parameter SET value = '{running.url}' "
        f"WHERE key = 'web.base.url' AND value <> '{running.url}';",
        database=name,
    )


def add_users(connection: OdooConnection, users: Sequence[tuple[str, str]]) -> None:
    """Add internal users; each is a name and an e-mail, which becomes the login.

    Nobody gets a mail. A login that exists already is left as it is.

    Raises:
        SandboxError: Odoo refused or did not answer.
    """
    logins = [email for _, email in users]
    found = _call(
        connection,
        "search_read",
        {
            "domain": [["login", "in", logins]],
            "fields": ["login"],
            "context": {"active_test": False},
        },
    )
    known = {row["login"] for row in found}
    missing = {email: name for name, email in users if email not in known}
    if missing:
        values = [{"name": name, "login": email, "email": email} for email, name in missing.items()]
        _call(connection, "create", {"vals_list": values, "context": QUIET})


def _call(
    connection: OdooConnection, method: str, arguments: dict[str, object]
) -> list[dict[str, str]]:
    """Call a method of res.users; an error carries the status, never what was sent."""
    try:
        answer = httpx.post(
            f"{connection.url}/json/2/res.users/{method}",
            json=arguments,
            headers={
                "Authorization": f"Bearer {connection.api_key}",
                "X-Odoo-Database": connection.database,
            },
            timeout=CALL_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        what = f"Odoo did not answer res.users/{method} ({type(error).__name__})."
        raise SandboxError(what) from error
    if answer.status_code != httpx.codes.OK:
        what = f"Odoo answered res.users/{method} with {answer.status_code}."
        raise SandboxError(what)
    rows: list[dict[str, str]] = answer.json()
    return rows


def _check(name: str) -> None:
    if name in RESERVED or not re.fullmatch(r"[a-z][a-z0-9_-]{0,50}", name):
        what = f"{name!r} cannot name a database of the sandbox."
        raise UsageError(
            what,
            do="Use up to 51 lower-case letters, digits, hyphens and underscores, a letter first.",
        )


def _odoo_account(running: Running) -> Account:
    account = server_account()
    return account if account.name == running.runs_as else invoking_account()


def _copy_files(template: Path, target: Path, *, account: Account) -> None:
    """Link, not copy: Odoo names files by their content and never writes into one that exists."""
    shutil.rmtree(target, ignore_errors=True)
    for folder, _, files in os.walk(template):
        into = target / Path(folder).relative_to(template)
        into.mkdir(parents=True)
        into.chmod(0o700)
        if account.other:
            os.chown(into, *account.owner)
        for name in files:
            os.link(Path(folder) / name, into / name)
