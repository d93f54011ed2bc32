"""What PracticeHub has no longer: listed, asked about, kept in Odoo or put into its archive.

Nothing is ever deleted in Odoo because it was deleted in PracticeHub. A record that comes back
there comes out of the archive again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench import show
from workbench.mapping.remade import Visit, VisitReader, remade
from workbench.odoo.archive import Archiver
from workbench.phases import knowledge
from workbench.phases.sides import DELETED, REMADE
from workbench.state import How, Issue, IssueKind, Link, Question, Store

if TYPE_CHECKING:
    from workbench.phases.steps import Steps

PREFIXES = (DELETED, REMADE)
KEEP, ARCHIVE = "keep", "archive"
VISITS = "appointments"

DOCUMENT = "remade"
"""Document: old id → new id of the visits that were deleted and made anew."""

_GONE = "PracticeHub lists it no longer"
_ANEW = "deleted, and made anew as appointment {}"


def look(steps: Steps) -> None:
    """List what is gone, tell visits that were made anew, and ask what becomes of it in Odoo."""
    store = steps.store
    anew = _made_anew(steps)
    store.journey.set_document(DOCUMENT, anew)
    questions: list[Question] = []
    for resource in store.source.resources():
        gone = store.source.gone(resource)
        _list(steps, resource, gone, anew if resource == VISITS else {})
        left = [one for one in gone if not (resource == VISITS and one in anew)]
        there = [
            one for one in left
            if any(_archiver(steps).can(link.model) for link in _links(store, resource, one))
        ]  # fmt: skip
        if there:
            questions.append(_deleted(steps, resource, there))
    pairs = {old: new for old, new in anew.items() if _links(store, VISITS, old)}
    if pairs:
        questions.append(_remade(steps, pairs))
    asked = {one.subject for one in questions}
    stale = [one.subject for prefix in PREFIXES for one in store.decisions.questions(prefix)
             if one.subject not in asked]  # fmt: skip
    with store.transaction():
        store.decisions.withdraw(stale)
        store.decisions.ask(questions)


def apply(steps: Steps) -> show.Table | None:
    """Put into Odoo's archive what was decided, and take out what came back; None: nothing to do.

    Of a visit that was made anew the old one goes only once the new one is in Odoo. What is not
    decided stays as it is.
    """
    store = steps.store
    if not any(store.decisions.questions(prefix) for prefix in PREFIXES) and (
        not store.conflicts.archived()
    ):
        return None
    report = _archiver(steps).bring(_to_archive(store))
    if not (report.archived or report.restored or report.refused):
        return None
    rows = [
        ("archived", len(report.archived)),
        ("taken out of the archive again", len(report.restored)),
        ("left as somebody in Odoo had set it", len(report.left)),
        *((f"refused by Odoo ({name})", sum(one == name for one in report.refused.values()))
          for name in sorted(set(report.refused.values()))),
    ]  # fmt: skip
    return show.Table("Gone from PracticeHub", ("in Odoo", "records"), rows)


def rows(store: Store) -> list[tuple[str, str, str, str]]:
    """List what is gone record by record: resource, id, what happened, and what becomes of it."""
    anew, away = made_anew(store), store.conflicts.archived()
    found = []
    for resource in store.source.resources():
        for one in store.source.gone(resource):
            links = _links(store, resource, one)
            fate = "kept in Odoo" if links else "was not in Odoo"
            if any(link.external_id in away for link in links):
                fate = "in Odoo's archive"
            again = anew.get(one) if resource == VISITS else None
            found.append((resource, one, _ANEW.format(again) if again else "deleted", fate))
    return found


def forget(store: Store) -> None:
    """Forget what was archived: after a rollback Odoo holds nothing of ours."""
    asked = [one.subject for prefix in PREFIXES for one in store.decisions.questions(prefix)]
    with store.transaction():
        store.conflicts.took_out(store.conflicts.archived())
        store.decisions.withdraw(asked)


def _made_anew(steps: Steps) -> dict[str, str]:
    """Match visits that are gone with those that were first seen in a later pass."""
    source = steps.store.source
    gone = source.gone(VISITS)
    if not gone:
        return {}
    read = VisitReader(knowledge.draft(steps).mapping, steps.config.practicehub.timezone)
    news = source.news_of("created", 1, source.last_generation())
    created = (one for resource, one in news if resource == VISITS)

    def visits(ids: Iterable[str]) -> list[Visit]:
        records = (source.record(VISITS, one) for one in ids)
        return [visit for r in records if r is not None and (visit := read(r.source_id, r.data))]

    return remade(visits(gone), visits(created))


def made_anew(store: Store) -> dict[str, str]:
    """Give old id → new id of the visits that were deleted and made anew, as last looked at."""
    found = store.journey.document(DOCUMENT)
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _list(steps: Steps, resource: str, gone: list[str], anew: dict[str, str]) -> None:
    """Let the list of oddities name what is gone now, and nothing that came back."""
    staging = steps.store.staging
    listed = {one.source_id for one in
              staging.issues(kind=IssueKind.DELETED_IN_SOURCE, resource=resource)}  # fmt: skip
    with steps.store.transaction():
        for one in listed.difference(gone):
            staging.replace_issues(resource, one, (IssueKind.DELETED_IN_SOURCE,), by=())
        staging.add_issues(
            Issue(IssueKind.DELETED_IN_SOURCE, resource, one, "",
                  _ANEW.format(anew[one]) if one in anew else _GONE,
                  "nothing is deleted in Odoo", steps.name)
            for one in gone
        )  # fmt: skip


def _deleted(steps: Steps, resource: str, ids: list[str]) -> Question:
    subject = DELETED + resource
    before = steps.store.decisions.get(subject)
    said = before.choice if before is not None and before.choice in {KEEP, ARCHIVE} else None
    why = f"so it was said before, of {resource} deleted until then" if said else (
        "what is kept can still be archived later"
    )  # fmt: skip
    return Question(
        subject, steps.name,
        f"{len(ids):,} {resource} were deleted in PracticeHub: what becomes of them in Odoo?",
        (KEEP, ARCHIVE), basis=ids, proposal=said or KEEP,
        reasons=(why, "nothing is deleted in Odoo either way"),
    )  # fmt: skip


def _remade(steps: Steps, pairs: dict[str, str]) -> Question:
    return Question(
        REMADE + VISITS, steps.name,
        f"{len(pairs):,} visits were deleted in PracticeHub and made anew under another id: "
        "what becomes of the old ones in Odoo?",
        (ARCHIVE, KEEP), basis=sorted(pairs.items()), proposal=ARCHIVE,
        reasons=("the visit itself is in Odoo under its new id, and would be there twice",
                 "the same patient and practitioner, at most 90 minutes apart",
                 "what is archived can be brought back at any time"),
    )  # fmt: skip


def _to_archive(store: Store) -> list[Link]:
    """List the Odoo records that are to be in the archive as decided so far.

    What was archived before stays so while its question is open again.
    """
    anew, away = made_anew(store), store.conflicts.archived()
    found: list[Link] = []
    for resource in store.source.resources():
        said = store.decisions.choice(DELETED + resource)
        for one in store.source.gone(resource):
            links = _links(store, resource, one)
            choice = said
            if resource == VISITS and one in anew:
                choice = store.decisions.choice(REMADE + VISITS)
                if not _links(store, VISITS, anew[one]):
                    continue  # the visit would be nowhere to be seen
            found += [
                link for link in links
                if choice == ARCHIVE or (choice is None and link.external_id in away)
            ]  # fmt: skip
    return found


def _links(store: Store, resource: str, source_id: str) -> list[Link]:
    """List what is in Odoo of a record alone: a contact that stands for another patient is not."""
    return [
        link for link in store.destination.links_of_source(resource, source_id)
        if link.how is not How.MERGED and not store.destination.shared(link)
    ]  # fmt: skip


def _archiver(steps: Steps) -> Archiver:
    return Archiver(
        steps.run.destination, steps.store, module=steps.config.module, phase=steps.name
    )
