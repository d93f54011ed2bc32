"""Asking a language model about the fields that are not clear, where the clinic wants it.

Only the audit asks; later phases use what it kept. A field is asked about once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from workbench import show
from workbench.errors import SecretError
from workbench.mapping import AppointmentsTo, propose
from workbench.phases import knowledge, reading

if TYPE_CHECKING:
    from workbench.phases.knowledge import OdooFields
    from workbench.phases.steps import Steps
    from workbench.suggest import Endpoint, Given

_MODELS: dict[AppointmentsTo, tuple[str, ...]] = {
    AppointmentsTo.LEAD: ("crm.lead",),
    AppointmentsTo.EVENT: ("calendar.event",),
    AppointmentsTo.BOTH: ("crm.lead",),
}
_TYPES = frozenset(
    ("char", "text", "html", "date", "datetime", "boolean", "integer", "float", "selection",
     "many2one")
)  # fmt: skip
_OWN = frozenset(
    ("id", "create_uid", "create_date", "write_uid", "write_date", "display_name", "active")
)
"""Odoo's own bookkeeping, which no source field may become."""


def gather(steps: Steps) -> show.Lines | None:
    """Ask about the unclear fields that were not asked about before; keep what is said.

    What goes wrong is told in a line and stops nothing. Nothing is asked, and no client is
    even imported, unless migration.toml names an address and a model.

    Returns:
        What came of it, to be shown; None where the clinic wants no suggestions.
    """
    wanted = steps.config.proposals
    if not wanted.llm_url:
        return None
    # only here: where it is off, there is nothing that could contact anybody
    from workbench.suggest import Endpoint, suggest  # noqa: PLC0415

    told = f"Suggestions of the language model {wanted.llm_model}"
    held = _held(steps, told)
    odoo = knowledge.odoo_fields(steps)
    options = knowledge.options(steps)
    profiles = knowledge.held_profiles(steps.store)
    before = set(cast("list[str]", held["asked"]))
    unclear = {
        one.row.field
        for one in propose(profiles, odoo_fields=odoo, options=options)
        if one.confidence < reading.CLEAR and not one.fixed
    }
    left = [one for one in profiles
            if one.filled and one.field in unclear and one.field not in before]  # fmt: skip
    if not left:
        return show.Lines(told, [f"{len(before)} unclear field(s) were asked about before."])
    try:
        key = (steps.run.secret(wanted.llm_api_key, what="the language model's key")
               if wanted.llm_api_key else "")  # fmt: skip
    except SecretError as error:
        return show.Lines(told, [f"Nothing was asked. {error.what}"])
    endpoint: Endpoint = Endpoint(wanted.llm_url, wanted.llm_model, key)
    given = suggest(endpoint, left, targets=_targets(odoo, options.appointments_to))
    _keep(steps, held, given)
    lines = [f"Of {len(given.asked)} unclear field(s), {len(given.found)} got a suggestion."]
    return show.Lines(told, [*lines, *([given.problem] if given.problem else [])])


def _held(steps: Steps, model: str) -> dict[str, object]:
    """Give what was kept, or a beginning; another model is asked anew."""
    held = steps.store.journey.document(knowledge.SUGGESTIONS)
    if isinstance(held, dict) and held["from"] == model:
        return held
    return {"from": model, "asked": [], "found": {}}


def _keep(steps: Steps, held: dict[str, object], given: Given) -> None:
    """Keep what was said, and let open questions about these fields be proposed anew."""
    store = steps.store
    asked = sorted({*cast("list[str]", held["asked"]), *given.asked})
    found = dict(cast("dict[str, object]", held["found"]))
    for name, one in given.found.items():
        found[name] = {"target": one.target, "reason": one.reason}
    with store.transaction():
        store.journey.set_document(knowledge.SUGGESTIONS, {**held, "asked": asked, "found": found})
        proposals = store.journey.document("proposals")
        if isinstance(proposals, dict) and given.found:
            rows = [row for row in proposals["rows"]
                    if row["field"] not in given.found
                    or store.decisions.choice(f"field:{row['field']}") is not None]  # fmt: skip
            store.journey.set_document("proposals", {**proposals, "rows": rows})


def _targets(odoo: OdooFields, visits: AppointmentsTo) -> dict[str, dict[str, str]]:
    """Say what may be suggested: Odoo's fields of patients and of visits, with their types."""
    models = {"patients": ("res.partner",), "appointments": _MODELS[visits]}
    return {
        resource: {
            f"{model}.{name}": str(facts.get("type"))
            for model in names
            for name, facts in sorted(odoo.get(model, {}).items())
            if facts.get("type") in _TYPES and name not in _OWN and not _computed(facts)
        }
        for resource, names in models.items()
    }


def _computed(facts: dict[str, object]) -> bool:
    return bool(facts.get("readonly")) or facts.get("store") is False
