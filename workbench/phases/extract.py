"""05 extract: every page and file into the run folder, checked, duplicates asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from workbench import masking, panels, show
from workbench.errors import UsageError
from workbench.phases import cleansing, duplicates, gates, knowledge, reading, reporting
from workbench.phases.expectations import Expectations
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.practicehub import (
    LOOPBACK,
    Progress,
    compared,
    fetch_files,
    find_gone,
    list_dangling,
    shortfall,
    since_last,
    walk,
)
from workbench.proof import balance
from workbench.reports import changes_table, workflow_glance, write_cleanse
from workbench.staging import explain
from workbench.state import FileState, IssueKind, Store, WalkState

PACE = "PracticeHub, at the pace it allows"


class _Where(TypedDict):
    """What every way of reading a resource is told."""

    folder: Path
    generation: int
    phase: str
    on_progress: Progress


class Extract(Steps):
    """The verbs of 05_extract."""

    name = "extract"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for duplicates, and for fields, values and practitioners first seen now."""
        return (gates.DUPLICATE, *gates.MAP_PREFIXES)

    @alone
    def pages(self) -> show.Table:
        """Read every page that is not held yet; a finished resource costs no request."""
        read_everything(self, generation=0)
        return show.Table(
            "What is held",
            ("resource", "reported", "rows", "distinct", "finding"),
            _held(self.store),
            note="Rows exceed distinct records where PracticeHub lists a record twice, or rows "
            "moved to a later page while the list was read.",
        )

    @alone
    def files(self) -> show.Table:
        """Fetch the bytes of every file; they come from a file host and wait for no pace."""
        fetch_all_files(self)
        sums = sorted(self.store.source.file_sums().items())
        return show.Table(
            "Files",
            ("state", "files", "bytes held"),
            [(state.value, number, size) for state, (number, size) in sums],
            note="Files that are missing or refused are listed as issues, each with its reason.",
        )

    @alone
    def check(self) -> show.Stack:
        """Read every value by the map, look for fields and values not seen before, list it all."""
        knowledge.learn(self)
        cleansing.read_values(self)
        list_dangling(self.store, phase=self.name)
        if not knowledge.open_questions(self.store):
            with self.run.progress("checking records", unit="records") as told:
                Expectations(self.run).list_issues(told, phase=self.name)
        write_cleanse(self.store, self.run.folder)
        counts = self.store.staging.issue_counts()
        kinds = dict.fromkeys(IssueKind(kind) for kind, *_ in counts)
        return show.Stack(
            (
                show.Table(
                    "Everything odd",
                    ("kind", "resource", "field", "records"),
                    counts,
                    note="Nothing is dropped: reports/cleanse.csv names each record and what "
                    "happens to it.",
                ),
                show.Table(
                    "What each kind means",
                    ("kind", "meaning"),
                    [(kind.value, kind.meaning) for kind in kinds],
                ),
            )
        )

    def changes(self) -> show.Table:
        """Count by field what reading the values changed; no value stands in it."""
        return changes_table(self.store)

    @alone
    def workings(self) -> show.Table:
        """Describe how the clinic works, for whoever rebuilds it in Odoo; names no patient."""
        page = reporting.write_workings(self)
        return workflow_glance(self.store, note=f"The whole stands in reports/{page.name}.")

    @alone
    def explain(self, resource: str, source_id: str) -> show.Table:
        """Show what reading one record's values changed: rule, before and after.

        Values are masked unless the configuration says `show_patient_data`.

        Raises:
            UsageError: no such record is held.
        """
        record = self.store.source.record(resource, source_id)
        if record is None:
            what = f"{resource} {source_id} is not held."
            raise UsageError(what, do="Name a resource and an id as the issue list has them.")
        shown = masking.plain if self.config.migration.show_patient_data else self.run.mask
        changes = explain(resource, record.data, knowledge.draft(self).mapping)
        return show.Table(
            f"What reading changed in {resource} {source_id}",
            ("field", "rule", "before", "after"),
            [(one.path, one.rule, shown(one.before), shown(one.after)) for one in changes],
            note="The raw value stays as it came; what is not listed was taken as it is.",
        )

    @alone
    def duplicates(self) -> object:
        """Find patients that are probably one person, and let a person decide."""
        duplicates.look(self)
        write_cleanse(self.store, self.run.folder)  # again: now with the pairs
        return panels.duplicates(self.run)

    def judge(self) -> Finding:
        """Say whether everything reported is held."""
        ended = {w.resource for w in self.store.source.walks() if w.state is not WalkState.WALKING}
        missing = [
            f"{one.name} is not read to its end"
            for one in reading.lists(self.run)
            if one.name not in ended
        ]
        files = {state: number for state, (number, _) in self.store.source.file_sums().items()}
        if FileState.PENDING in files:
            missing.append(f"{files[FileState.PENDING]} file(s) are not fetched")
        unread = cleansing.unread(self.store)
        if unread:
            missing.append(f"the values of {unread} record(s) are not checked")
        missing += duplicates.contradictions(self)
        volumes = self.store.source.volumes().values()
        return Finding(
            tuple(missing),
            (
                ("distinct records", sum(v.distinct for v in volumes)),
                ("rows received", sum(v.rows for v in volumes)),
                (
                    "fewer than PracticeHub reports",
                    sum(t.short for t in balance(self.store).resources),
                ),
                ("files held", files.get(FileState.HELD, 0)),
                ("issues", sum(count for *_, count in self.store.staging.issue_counts())),
            ),
        )


def _held(store: Store) -> list[tuple[object, ...]]:
    """List how much of each resource is held, and how that compares with what is reported."""
    volumes, findings = store.source.volumes(), compared(store)
    rows: list[tuple[object, ...]] = []
    for walked in store.source.walks():
        volume = volumes.get(walked.resource)
        if volume is None:
            rows.append((walked.resource, "–", 0, 0, reading.standing(walked)))
            continue
        found = findings.get(walked.resource)
        words = found.finding.value if found else "not compared yet"
        if found and found.gone:
            words += f"; {found.gone} were deleted meanwhile"
        reported = "–" if volume.reported is None else volume.reported
        rows.append((volume.resource, reported, volume.rows, volume.distinct, words))
    return rows


def read_everything(
    steps: Steps, *, generation: int, by_time: Callable[[str], bool] = lambda _name: False
) -> None:
    """Read every resource in one pass over the source, and compare the numbers.

    In a pass after the first one, what was not met is asked for by its id, and is gone only
    where it does not come.

    Progress counts records: those this pass met, of those that PracticeHub reports.

    Args:
        steps: the phase on whose behalf.
        generation: the pass.
        by_time: of which resources only what changed is asked for, where that is shown to
            work; all others, and those where it is not, are walked to their end.
    """
    store, run = steps.store, steps.run
    asked = [resource.name for resource in reading.lists(run)]
    before = {w.resource: w.reported or 0 for w in store.source.walks()}
    with run.progress("reading pages", unit="records") as told:

        def tell(_done: int, _total: int | None, waiting: str) -> None:
            walks = {w.resource: w for w in store.source.walks(generation=generation)}
            done = sum(w.distinct for w in walks.values())
            reported = {name: w.reported or w.distinct for name, w in walks.items()}
            total = sum({**before, **reported}.values())
            told(done, max(done, total), waiting or PACE)

        for name in asked:
            where: _Where = {"folder": run.folder, "generation": generation,
                             "phase": steps.name, "on_progress": tell}  # fmt: skip
            zone = steps.config.practicehub.timezone
            if by_time(name) and since_last(run.source, store, name, zone=zone, **where):
                continue
            begun = store.source.walk(name, generation=generation)
            if begun is not None and begun.since:
                store.source.read_whole(name, generation=generation)
            for _page in walk(run.source, store, name, **where):
                pass
            shortfall(run.source, store, name, **where)
            if generation:
                find_gone(run.source, store, name, **where)


def fetch_all_files(steps: Steps) -> None:
    """Fetch the files that are not held yet, or whose records changed."""
    run, source = steps.run, steps.config.practicehub
    most = max(1, round(source.largest_file_mb * 1_000_000)) if source.largest_file_mb else None
    with run.progress("fetching files", unit="files") as told:
        for _result in fetch_files(
            run.source,
            steps.store,
            folder=run.folder,
            hosts=source.file_hosts,
            allow_loopback=urlsplit(source.base_url).hostname in LOOPBACK,
            max_bytes=most,
            phase=steps.name,
            on_progress=told,
        ):
            pass
