"""Who we are there: the user, the key, rights, record rules, companies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from workbench.config import Config
from workbench.odoo.preflight import scope
from workbench.odoo.preflight.finding import (
    Finding,
    Glance,
    Row,
    blocker,
    fine,
    listed,
    unseen,
    warning,
)

SOON = timedelta(days=14)
"""A key that ends within this time may end before the delta window does."""
ALL_GROUPS = "all_group_ids"
"""Newer versions keep apart what groups a user was given and what those imply."""
_ALWAYS = frozenset({"", "[]", "[(1,'=',1)]"})
_OURS = frozenset({"base", "calendar", "contacts", "crm", "mail", "portal", "sales_team"})
"""Modules whose rules for everybody were looked at: companies, and private events of others."""


def user(look: Glance, _: Config) -> Iterator[Finding]:
    """Say whom we work as, whether a person uses the same user, and how long the key lasts."""
    me = look.odoo.me()
    rows = look.rows("res.users", [["id", "=", me.id]], ["tz", "share"])
    zone = (rows[0]["tz"] if rows else "") or "none"
    yield fine(
        "user", f"Works as {me.login} (user {me.id}); language {me.lang or 'none'}, zone {zone}.",
        "Neither matters to what is written: names go in English and times in UTC.",
    )  # fmt: skip
    if me.id == 1:
        yield warning(
            "user", "This is OdooBot, which no record rule holds for.",
            "Make a user for the migration alone.",
        )  # fmt: skip
    yield _shared(look)
    yield from _keys(look)


def _shared(look: Glance) -> Finding:
    """Say whether a person signs in as the same user.

    A browser's sign-in leaves a device (18 and newer). The date of the last sign-in will not
    do: signing in over JSON-RPC, as this very client does, writes it too.
    """
    odoo, me = look.odoo, look.odoo.me()
    if look.has("res.device.log"):
        count = look.count("res.device.log", [["user_id", "=", me.id]])
    elif odoo.protocol == "jsonrpc":
        count = None
    else:
        count = look.count("res.users", [["id", "=", me.id], ["login_date", "!=", False]])
    if count is None:
        return unseen(
            "user",
            "Whether a person also signs in as this user",
            "See that nobody does: rollback keeps what other users changed, and cannot tell.",
        )
    if count:
        return warning(
            "user", "Somebody also signs in as this user.",
            "Make a user for the migration alone: rollback keeps what other users changed, "
            "and cannot tell this user's own edits from the migration.",
        )  # fmt: skip
    return fine("user", "Nobody signs in as this user with a browser.")


def _keys(look: Glance) -> Iterator[Finding]:
    me = look.odoo.me()
    rows = look.rows(
        "res.users.apikeys", [["user_id", "=", me.id]], ["name", "expiration_date"]
    )  # fmt: skip
    if rows is None:
        yield unseen("key", "How long the API key lasts", "Look under Preferences, Security.")
        return
    soon = datetime.now(UTC) + SOON
    ending = [
        (row["expiration_date"], row["name"])
        for row in rows
        if row["expiration_date"]
        and datetime.fromisoformat(row["expiration_date"]).replace(tzinfo=UTC) < soon
    ]
    if ending:
        named = listed(f"{name!r} on {date[:10]}" for date, name in sorted(ending))
        yield warning(
            "key", f"API keys of this user end soon: {named}.",
            "If ours is among them, make one that lasts until after the delta window.",
        )  # fmt: skip
    else:
        yield fine("key", f"No API key of this user ends within {SOON.days} days.")


def rights(look: Glance, config: Config) -> Iterator[Finding]:
    """Say what the user's groups do not allow: the operations, and on which models."""
    asked = scope.rights(config.migration)
    missing: dict[str, list[str]] = {}
    for model, operations in asked.items():
        lacking = [name for name in operations if not look.may(model, name)]
        if lacking:
            missing.setdefault(", ".join(lacking), []).append(model)
    sales = "crm.lead" in scope.visit_models(config.migration)
    if missing:
        yield blocker(
            "rights", "The user may not " + "; not ".join(
                f"{operations}: {', '.join(models)}" for operations, models in missing.items()
            ) + ".",
            "Give the user Administration: Settings" + (
                " and Sales: Administrator for the migration." if sales else
                " for the migration."),
        )  # fmt: skip
    else:
        yield fine("rights", f"All rights on {len(asked)} models are there.")


def rules(look: Glance, config: Config) -> Iterator[Finding]:
    """Say which record rules hide records from the user, or refuse what it may do by its groups.

    Odoo's rules for groups are alternatives: one that allows everything lifts the others.
    Rules for everybody add up; those about companies are looked at with the companies.
    """
    asked = scope.rights(config.migration)
    groups = ALL_GROUPS if ALL_GROUPS in look.fields("res.users") else "groups_id"
    mine = look.rows("res.users", [["id", "=", look.odoo.me().id]], [groups])
    held = look.rows(
        "ir.rule",
        [["active", "=", True], ["model_id.model", "in", list(asked)]],
        ["name", "model_id", "groups", "global", "domain_force", "perm_read"],
    )
    models = look.rows("ir.model", [["model", "in", list(asked)]], ["model"])
    if not mine or held is None or models is None:
        yield unseen("record rules", "What record rules hide from the user")
        return
    named = {row["id"]: row["model"] for row in models}
    # of what is only looked up, what may be read is all that counts
    held = [r for r in held if r["perm_read"] or asked[named[r["model_id"][0]]] == scope.ALL]
    own = set(mine[0][groups])
    found = [
        *_of_groups([r for r in held if own & set(r["groups"])], named, asked),
        *_of_everybody(look, [r for r in held if r["global"]], named),
    ]
    yield from found
    if not found:
        yield fine("record rules", "No record rule hides anything from the user.")


def _of_groups(
    held: list[Row], named: dict[int, str], asked: dict[str, tuple[str, ...]]
) -> Iterator[Finding]:
    for number, model in sorted(named.items(), key=lambda item: item[1]):
        of_model = [row for row in held if row["model_id"][0] == number]
        if not of_model or any(_allows_all(row) for row in of_model):
            continue
        names = listed(row["name"] for row in of_model)
        what = f"{model}: the user meets only records that fit the rule {names}."
        do = "Give the user a group that meets all records of it."
        if model == "crm.lead":
            do = "Give the user Sales: Administrator, or All Documents at least."
        written = asked[model] == scope.ALL
        yield (blocker if written else warning)("record rules", what, do)


def _of_everybody(look: Glance, held: list[Row], named: dict[int, str]) -> Iterator[Finding]:
    other = [row for row in held if not _allows_all(row) and "company" not in row["domain_force"]]
    if not other:
        return
    rows = look.rows(
        "ir.model.data",
        [["model", "=", "ir.rule"], ["res_id", "in", [row["id"] for row in other]]],
        ["module", "res_id"],
    )
    known = {row["res_id"] for row in rows or [] if row["module"] in _OURS}
    for row in other:
        if row["id"] not in known:
            yield warning(
                "record rules",
                f"{named[row['model_id'][0]]}: the rule {row['name']} holds for everybody.",
                "Read it, or switch it off for the migration: it may refuse or hide rows.",
            )


def _allows_all(rule: Row) -> bool:
    return re.sub(r"\s", "", rule["domain_force"] or "").replace('"', "'") in _ALWAYS


def companies(look: Glance, config: Config) -> Iterator[Finding]:
    """Say in whose company records land, and whose the user cannot see."""
    held = look.rows("res.company", [], ["name"])
    mine = look.rows(
        "res.users", [["id", "=", look.odoo.me().id]], ["company_id", "company_ids"]
    )  # fmt: skip
    if held is None or not mine:
        yield unseen("companies", "Which companies there are")
        return
    own = mine[0]["company_id"][1]
    if len(held) == 1:
        yield fine("companies", f"There is one company, {own}.")
        return
    land = " and ".join(scope.visit_models(config.migration))
    yield warning(
        "companies", f"There are {len(held)} companies; {land} records go to {own}.",
        "If the clinic is another one, make that the user's default company. Contacts are "
        "shared by all.",
    )  # fmt: skip
    hidden = [row["name"] for row in held if row["id"] not in mine[0]["company_ids"]]
    if hidden:
        yield warning(
            "companies", f"The user may not see the contacts of {listed(hidden)}.",
            "Allow the user every company whose contacts may be patients: they are not found "
            "as existing ones otherwise.",
        )  # fmt: skip
