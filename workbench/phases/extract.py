"""05 extract: every page and file into the run folder, checked, duplicates asked about."""

from __future__ import annotations

from urllib.parse import urlsplit

from workbench import panels, show
from workbench.phases import duplicates, gates, knowledge
from workbench.phases.expectations import Expectations
from workbench.phases.finding import Finding
from workbench.phases.steps import Steps, alone
from workbench.practicehub import LOOPBACK, RESOURCES, fetch_files, shortfall, walk
from workbench.proof import balance
from workbench.state import FileState, WalkState

PACE = "PracticeHub allows one request a second"


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
        volumes = self.store.source.volumes().values()
        return show.Table(
            "What is held",
            ("resource", "reported", "rows", "distinct"),
            [(v.resource, "–" if v.reported is None else v.reported, v.rows, v.distinct)
             for v in volumes],
            note="Rows exceed distinct records where PracticeHub sends a record twice.",
        )  # fmt: skip

    @alone
    def files(self) -> show.Table:
        """Fetch the bytes of every file; they come from a file host and wait for no pace."""
        fetch_all_files(self)
        counts: dict[str, tuple[int, int]] = {}
        for held in self.store.source.files():
            number, size = counts.get(held.state.value, (0, 0))
            counts[held.state.value] = (number + 1, size + (held.size or 0))
        return show.Table(
            "Files",
            ("state", "files", "bytes"),
            [(state, number, size) for state, (number, size) in sorted(counts.items())],
            note="Files that are missing or refused are listed as issues, each with its reason.",
        )

    @alone
    def check(self) -> show.Table:
        """Profile all records, look for fields and values not seen before, list what is odd."""
        knowledge.learn(self)
        if not knowledge.open_questions(self.store):
            with self.run.progress("checking records", unit="records") as told:
                Expectations(self.run).list_issues(told, phase=self.name)
        return show.Table(
            "Everything odd",
            ("kind", "resource", "field", "records"),
            self.store.staging.issue_counts(),
            note="Nothing is dropped: each issue names the record and what happens to it.",
        )

    @alone
    def duplicates(self) -> object:
        """Find patients that are probably one person, and let a person decide."""
        duplicates.look(self)
        return panels.duplicates(self.run)

    def judge(self) -> Finding:
        """Say whether everything reported is held."""
        missing = [
            f"{walked.resource} is not read to its end"
            for walked in self.store.source.walks()
            if walked.state is WalkState.WALKING
        ]
        pending = self.store.source.files(FileState.PENDING)
        if pending:
            missing.append(f"{len(pending)} file(s) are not fetched")
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
                ("files held", len(self.store.source.files(FileState.HELD))),
                ("issues", sum(count for *_, count in self.store.staging.issue_counts())),
            ),
        )


def read_everything(steps: Steps, *, generation: int) -> None:
    """Walk every resource to its end in one pass over the source."""
    store, run = steps.store, steps.run
    asked = [resource.name for resource in RESOURCES]
    reported = {w.resource: w.reported for w in store.source.walks()}
    total = sum(reported.get(name) or 0 for name in asked)
    with run.progress("reading pages", unit="rows") as told:
        for name in asked:
            for _page in walk(run.source, store, name, folder=run.folder, generation=generation,
                              phase=steps.name):  # fmt: skip
                rows = sum(w.rows for w in store.source.walks(generation=generation))
                told(rows, max(total, rows), PACE)
            shortfall(run.source, store, name, folder=run.folder, generation=generation,
                      phase=steps.name)  # fmt: skip
        rows = sum(w.rows for w in store.source.walks(generation=generation))
        told(rows, rows, "")


def fetch_all_files(steps: Steps) -> None:
    """Fetch the files that are not held yet."""
    run = steps.run
    with run.progress("fetching files", unit="files") as told:
        for _result in fetch_files(
            run.source,
            steps.store,
            folder=run.folder,
            hosts=steps.config.practicehub.file_hosts,
            allow_loopback=urlsplit(steps.config.practicehub.base_url).hostname in LOOPBACK,
            phase=steps.name,
            on_progress=told,
        ):
            pass
