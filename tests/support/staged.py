"""A small migration at a chosen stage, made once and copied as often as it is wanted.

Odoo's database, the run folder and the clinic are copied together. Both ends stand behind
proxies, so that addresses and names, and with them what a run knows, stay the same.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.journey.support import ACCOUNT, CONFIG, KEY_VARIABLE
from tests.support import driving, real_odoo
from tests.support.cutting_proxy import CuttingProxy, cutting
from tests.support.odoo import PREFIX
from workbench.sandbox.clinic import practitioner_accounts
from workbench.sandbox.odoo import OdooConnection, add_users, drop_database, fresh_database
from workbench.sandbox.odoo.databases import STRATEGIES, cluster_of
from workbench.sandbox.odoo.instance import current_instance
from workbench.sandbox.practicehub import Control, running

PERSON = "ann"
"""Who works in Odoo: a salesperson who may make and delete what a clinic's desk does."""
_LET_GO = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname='{}' AND pid<>pg_backend_pid();"
)


@dataclass(frozen=True)
class Stage:
    """One copy that may be worked with; it is gone with the block that lent it."""

    config: Path
    folder: Path
    odoo: OdooConnection
    ann: OdooConnection
    control: Control
    to_odoo: CuttingProxy
    to_source: CuttingProxy


class Stages:
    """Makes stages, each when it is first asked for.

    Args:
        place: an empty folder of the test's own.
        patients: how many the clinic has.

    The suite's Odoo must be up (fixture `odoo_server`).
    """

    def __init__(self, place: Path, *, patients: int) -> None:
        self._place, self._patients = place, patients
        self._made: dict[str, tuple[OdooConnection, Path]] = {}
        self._exit = ExitStack()
        self._database = _name()
        odoo = self.template = self._keep(fresh_database(_name()))
        add_users(odoo, practitioner_accounts())
        groups = ("sales_team.group_sale_manager", "base.group_partner_manager")
        real_odoo.person(odoo, PERSON, groups=groups).close()
        self._key = real_odoo.key_of(odoo, PERSON)
        (place / "odoo.key").write_text(odoo.api_key, encoding="utf-8")
        self._to_odoo = self._exit.enter_context(cutting(odoo.url))
        self._to_source = self._exit.enter_context(cutting(""))
        self._made[""] = (odoo, place / "none")

    def close(self) -> None:
        """Drop all that was made."""
        self._exit.close()

    @contextmanager
    def at(self, phase: str) -> Iterator[Stage]:
        """Lend a copy of the migration as it stands once `phase` is done ("": nothing is done)."""
        if phase not in self._made:
            with self.at("") as first:
                driving.travel(first.config, first.folder, until=phase)
                folder = self._place / phase
                shutil.copytree(first.folder, folder)
                self._made[phase] = (self._keep(copied(first.odoo, _name())), folder)
        template, held = self._made[phase]
        folder = self._place / "runs" / "clinic"
        with ExitStack() as end:
            source, control = end.enter_context(running(patients=self._patients, rate=100.0))
            odoo = copied(template, self._database)
            end.callback(drop_database, self._database)
            if held.exists():
                shutil.copytree(held, folder)
            end.callback(shutil.rmtree, self._place / "runs", ignore_errors=True)
            os.environ[KEY_VARIABLE] = source.api_key
            self._to_source.upstream = source.base_url
            for proxy in (self._to_odoo, self._to_source):
                proxy.heal()
                proxy.late.clear()
            yield Stage(
                self._configured(odoo, source.base_url, source.app_details), folder, odoo,
                replace(odoo, login=PERSON, api_key=self._key), control, self._to_odoo,
                self._to_source,
            )  # fmt: skip

    def _configured(self, odoo: OdooConnection, base_url: str, app_details: str) -> Path:
        path = "/" + base_url.partition("://")[2].partition("/")[2]
        config = self._place / "clinic.toml"
        config.write_text(
            CONFIG.substitute(
                account=ACCOUNT, base_url=self._to_source.url + path.rstrip("/"),
                key_variable=KEY_VARIABLE, app_details=app_details, page_size=25,
                url=self._to_odoo.url, database=odoo.database, login=odoo.login,
                appointments_to="crm.lead", sample_size=2,
            ),
            encoding="utf-8",
        )  # fmt: skip
        return config

    def _keep(self, odoo: OdooConnection) -> OdooConnection:
        self._exit.callback(drop_database, odoo.database)
        return odoo


@contextmanager
def beside(stage: Stage, place: Path) -> Iterator[Stage]:
    """Lend a copy of a stage, Odoo and run folder, that nothing goes wrong with.

    What is still on its way to the one Odoo (`CuttingProxy.late`) is not on its way to the copy.
    """
    odoo = copied(stage.odoo, _name())
    folder = place / "beside" / stage.folder.name
    try:
        shutil.copytree(stage.folder, folder)
        text = stage.config.read_text(encoding="utf-8")
        text = text.replace(f'"{stage.odoo.database}"', f'"{odoo.database}"')
        config = stage.config.with_name("beside.toml")
        config.write_text(text.replace(stage.to_odoo.url, odoo.url), encoding="utf-8")
        shutil.copyfile(config, folder / "migration.toml")
        with sqlite3.connect(folder / "state.sqlite") as db:
            db.execute("UPDATE meta SET value=? WHERE key='odoo_database'", [odoo.database])
        db.close()
        yield replace(stage, config=config, folder=folder, odoo=odoo)
    finally:
        drop_database(odoo.database)
        shutil.rmtree(place / "beside", ignore_errors=True)


def copied(odoo: OdooConnection, name: str) -> OdooConnection:
    """Copy a database as it is, its identity too; calls that are under way in it are broken off."""
    instance = current_instance().running()
    cluster = cluster_of(instance)
    cluster.sql(_LET_GO.format(odoo.database))
    how = " STRATEGY FILE_COPY" if cluster.binaries.major >= STRATEGIES else ""
    cluster.sql(f'CREATE DATABASE "{name}" TEMPLATE "{odoo.database}"{how};')
    return instance.connection(name)


def _name() -> str:
    return f"{PREFIX}{uuid.uuid4().hex[:16]}"
