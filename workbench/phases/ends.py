"""Opening the destination, and knowing it again."""

from __future__ import annotations

from workbench.errors import OdooRightsError, RunFolderError
from workbench.odoo import Odoo, open_odoo
from workbench.run import DATABASE_UUID, Run

_RIGHTS = (
    "Give the user Administration: Settings and Sales: Administrator in Odoo, for the migration, "
    "or use the key of a user who has them; then run again."
)


def open_destination(run: Run) -> Odoo:
    """Open Odoo and make sure that it is the database this run belongs to.

    Odoo gives each database an identity of its own; a database that was dropped and made
    anew under the same name has another one, and our external ids mean nothing there.

    Raises:
        RunFolderError: another database answers under this name.
        OdooRightsError: the key's user may not see what only administrators may.
        DestinationError: Odoo cannot be reached, or refuses the key.
    """
    key = run.secret(run.config.odoo.api_key, what="the Odoo key")

    def on_call(_model: str, _method: str, _seconds: float) -> None:
        run.store.journey.count("odoo_calls", 1)

    odoo = open_odoo(run.config.odoo, api_key=key, on_call=on_call)
    try:
        found = odoo.call(
            "ir.config_parameter", "search_read",
            domain=[["key", "=", "database.uuid"]], fields=["value"],
        )  # fmt: skip
    except OdooRightsError:
        odoo.close()
        what = "The user of the Odoo key may not see which database this is: no administrator."
        raise OdooRightsError(what, do=_RIGHTS) from None
    identity = str(found[0]["value"]) if found else ""
    held = run.store.journey.meta(DATABASE_UUID)
    if held is None:
        with run.store.transaction():
            run.store.journey.set_meta(DATABASE_UUID, identity)
            run.store.ledger.append("bound", "odoo", detail={"database": identity})
    elif held != identity:
        odoo.close()
        what = (
            f"{run.folder} belongs to another Odoo database: the one called "
            f"{run.config.odoo.database} was made anew since."
        )
        raise RunFolderError(what)
    return odoo
