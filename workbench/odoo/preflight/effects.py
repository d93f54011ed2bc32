"""What a load could set off: rules, schedules, mail, text messages, other calendars."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.config import Config
from workbench.odoo.automations import Access, Automation, Kind
from workbench.odoo.automations import automations as what_acts
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

SENDS = frozenset({"email", "mail_post", "sms", "webhook", "whatsapp"})
"""Kinds of action that tell somebody outside."""
UNMOVED = frozenset({
    "on_change", "on_hand", "on_message_received", "on_message_sent", "on_webhook",
})  # fmt: skip
"""Triggers that a load does not pull: a person's typing, a click, mail, another system."""
TRIGGERS = {
    "on_archive": "on archiving", "on_create": "on creation",
    "on_create_or_write": "on creation and change", "on_priority_set": "on a priority",
    "on_stage_set": "on a stage", "on_state_set": "on a state", "on_tag_set": "on a tag",
    "on_time": "at a time", "on_time_created": "some time after creation",
    "on_time_updated": "some time after a change", "on_unarchive": "on unarchiving",
    "on_unlink": "on deletion", "on_user_set": "on a user", "on_write": "on change",
}  # fmt: skip
OFF = "Switch it off (developer mode, Settings > Technical) until reconcile is done."


def automations(look: Glance, config: Config) -> Iterator[Finding]:
    """Name every active automation rule on what is written, with its trigger.

    One that mails, texts or calls out would tell patients, once for each of them: it stops
    the migration. Any other is a warning: it runs on every record that is made.
    """
    models = scope.record_models(config.migration)
    rows = look.rows(
        "base.automation", [["active", "=", True], ["model_name", "in", models]],
        ["name", "model_name", "trigger", "action_server_ids"],
    )  # fmt: skip
    if rows is None:
        yield unseen("automations", "Which automation rules are active")
        return
    numbers = sorted({number for row in rows for number in row["action_server_ids"]})
    actions = look.rows("ir.actions.server", [["id", "in", numbers]], ["state"]) if numbers else []
    kinds = None if actions is None else {row["id"]: row["state"] for row in actions}
    moved = [row for row in rows if row["trigger"] not in UNMOVED]
    for row in moved:
        when = TRIGGERS.get(row["trigger"], row["trigger"])
        named = f"{row['name']!r} runs {when} of {row['model_name']}"
        does = {kinds.get(number, "") for number in row["action_server_ids"]} if kinds else set()
        if does & SENDS:
            told = ", ".join(sorted(does & SENDS))
            yield blocker("automations", f"{named} and sends ({told}).", OFF)
        else:
            yield warning("automations", f"{named}.", OFF)
    if not moved:
        yield fine("automations", "No active rule runs on what is written.")


def schedules(look: Glance, config: Config) -> Iterator[Finding]:
    """Name the active scheduled actions on what is written, and lead enrichment by itself."""
    visits = scope.visit_models(config.migration)
    models = ["res.partner", *visits]
    rows = look.rows(
        "ir.cron", [["active", "=", True], ["model_name", "in", models]], ["name", "model_name"]
    )
    if rows is None:
        yield unseen("schedules", "Which scheduled actions are active")
    else:
        rows = _but_enrichment(look, rows)
        for row in rows:
            yield warning(
                "schedules",
                f"{row['name']!r} works on {row['model_name']} while it is loaded.",
                OFF,
            )
        if not rows:
            yield fine("schedules", "No active scheduled action works on what is written.")
    if "crm.lead" in visits:
        yield _assignment(look)
    if "crm.lead" in visits and look.installed("crm_iap_enrich") != set():
        mode = look.parameter("crm.iap.lead.enrich.setting")
        if mode is None:
            yield unseen("lead enrichment", "Whether leads are enriched by themselves")
        elif mode in {"", "auto"}:
            yield warning(
                "lead enrichment", "Odoo sends the domain of each new lead's e-mail address to "
                "its enrichment service, and changes the lead.",
                "Set lead enrichment to On Demand under CRM > Configuration > Settings.",
            )  # fmt: skip
        else:
            yield fine("lead enrichment", "Leads are enriched on demand only.")


def _but_enrichment(look: Glance, rows: list[Row]) -> list[Row]:
    """Leave out the schedule of lead enrichment, which has a finding of its own."""
    if not rows or not look.installed("crm_iap_enrich"):
        return rows
    own = look.rows(
        "ir.model.data",
        [["module", "=", "crm_iap_enrich"], ["model", "=", "ir.cron"]], ["res_id"],
    )  # fmt: skip
    known = {row["res_id"] for row in own or []}
    return [row for row in rows if row["id"] not in known]


def _assignment(look: Glance) -> Finding:
    teams = _active(look, Kind.ASSIGNMENT)
    if teams is None:
        return unseen("lead assignment", "Whether leads are handed out by rules")
    if teams:
        return warning(
            "lead assignment", f"Leads without a user are handed out by rules in "
            f"{listed(team.name for team in teams)}.",
            "Switch rule-based assignment off (CRM, Configuration) until reconcile is done.",
        )  # fmt: skip
    return fine("lead assignment", "No leads are handed out by rules.")


def _active(look: Glance, kind: Kind) -> list[Automation] | None:
    """Give what acts and is switched on; None where it may not be seen."""
    (found,) = what_acts(look.odoo, kinds=[kind])
    return None if found.access is Access.HIDDEN else found.active


def mail(look: Glance, config: Config) -> Iterator[Finding]:
    """Say what could be mailed, texted or received while records are made."""
    servers = _active(look, Kind.SENDER)
    if servers is None:
        yield unseen("mail", "Which outgoing mail servers there are")
    elif servers:
        yield warning(
            "mail", f"Mail can leave by {listed(one.name for one in servers)}.",
            "Nothing of ours is mailed; a rule of your own still could: see automations.",
        )  # fmt: skip
    else:
        yield fine("mail", "No outgoing mail server is set up; the host's own may still send.")
    yield from _templates(look, config)
    yield from _incoming(look, config)
    yield from _mailings(look, config)
    digests = look.count("digest.digest", [["state", "=", "activated"]])
    if digests:
        yield fine("mail", f"{digests} digest mail(s) to staff will count what was migrated.")
    if "calendar.event" in scope.visit_models(config.migration):
        yield fine("mail", "Events are made without inviting anybody and without alarms.")


def _templates(look: Glance, config: Config) -> Iterator[Finding]:
    """Say which stages mail or text by themselves: a field of theirs names a template."""
    if "crm.lead" not in scope.visit_models(config.migration):
        return
    fields = look.fields("crm.stage")
    if not fields:
        yield unseen("mail templates", "Whether a stage sends a message by itself")
        return
    naming = [name for name, known in fields.items()
              if known.get("relation") in {"mail.template", "sms.template", "whatsapp.template"}
              and known["type"] == "many2one"]  # fmt: skip
    sending: set[str] = set()
    for name in naming:
        rows = look.rows("crm.stage", [[name, "!=", False]], ["name"])
        sending |= {row["name"] for row in rows or []}
    if sending:
        yield blocker(
            "mail templates", f"A lead that reaches {listed(sorted(sending))} sends a message.",
            "Take the template out of the stage until reconcile is done.",
        )  # fmt: skip
    else:
        yield fine("mail templates", "No stage sends a message by itself.")


def _incoming(look: Glance, config: Config) -> Iterator[Finding]:
    boxes = _active(look, Kind.INBOX)
    if boxes is None:
        yield unseen("mail", "Which incoming mail servers there are")
    elif boxes:
        yield warning(
            "mail", f"Mail comes in by {listed(one.name for one in boxes)}.",
            "What it makes meanwhile is not the migration's: rollback keeps and lists it.",
        )  # fmt: skip
    elif "crm.lead" in scope.visit_models(config.migration):
        yield fine("mail", "No incoming mail server makes leads.")


def _mailings(look: Glance, config: Config) -> Iterator[Finding]:
    models = scope.record_models(config.migration)
    running = look.rows(
        "marketing.campaign", [["state", "=", "running"], ["model_name", "in", models]], ["name"]
    )
    if running is None:
        yield unseen("mailings", "Which marketing campaigns run")
    for row in running or []:
        yield blocker(
            "mailings",
            f"The campaign {row['name']!r} runs and takes in whoever fits.",
            "Stop it until the sign-off: it would write to every patient it takes in.",
        )
    waiting = look.rows(
        "mailing.mailing", [["state", "in", ["in_queue", "sending"]]], ["subject"]
    )  # fmt: skip
    if waiting is None:
        yield unseen("mailings", "Which mailings wait to be sent")
    elif waiting:
        yield warning(
            "mailings", f"{len(waiting)} mailing(s) wait to be sent.",
            "See whom they go to, or hold them: migrated patients may fit their filter.",
        )  # fmt: skip


def calendars(look: Glance, config: Config) -> Iterator[Finding]:
    """Say whether events that are made would be copied to Google's or Microsoft's calendar."""
    if "calendar.event" not in scope.visit_models(config.migration):
        return
    there = look.installed("google_calendar", "microsoft_calendar")
    if there is None:
        yield unseen("calendar sync", "Whether events are copied to other calendars")
        return
    for module in sorted(there):
        yield _sync(look, module)
    if not there:
        yield fine("calendar sync", "Events stay in Odoo: no other calendar is connected.")


def _sync(look: Glance, module: str) -> Finding:
    title = "Google Calendar" if module == "google_calendar" else "Outlook Calendar"
    paused = look.parameter(f"{module}_sync_paused")
    pause = f"Pause {title} under Settings > General Settings > Integrations for the load."
    if paused and paused.casefold() in {"true", "1"}:
        return fine("calendar sync", f"{title} is paused.")
    users = look.count("res.users", [[f"{module}_rtoken", "!=", False]])
    if users is None or paused is None:
        return unseen("calendar sync", f"Who is connected to {title}", pause)
    if users:
        return blocker(
            "calendar sync", f"{users} user(s) are connected to {title}: events would be copied "
            "there, and it may invite patients.", pause,
        )  # fmt: skip
    return fine("calendar sync", f"Nobody is connected to {title}.")
