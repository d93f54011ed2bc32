"""A small run folder as the workbench would leave it: two patients, three visits, one file."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.practicehub.blobs import Sink, file_path, keep_page
from workbench.practicehub.catalogue import resource as resource_named
from workbench.practicehub.rows import read_rows, row_hash
from workbench.proof import seal
from workbench.state import (
    Difference,
    Fate,
    FileState,
    How,
    Issue,
    IssueKind,
    Link,
    OperationStatus,
    Outcome,
    PageIn,
    Question,
    Status,
    Store,
    Verdict,
    sha256,
)

PATIENTS = [
    {"id": 1, "first_name": "Anna", "last_name": "Bos", "created": "2024-01-02 10:00:00"},
    {"id": 2, "first_name": "Ömer", "last_name": "Çelik", "created": "2024-01-03 10:00:00"},
    {"id": 1, "first_name": "Anna", "last_name": "Bos", "created": "2024-01-02 10:00:00"},
]
VISITS = [
    {"id": 5, "patient_id": 1, "status": "pending", "start": "2025-03-01 09:00:00"},
    {"id": 6, "patient_id": "2", "status": "missed", "start": "2025-03-02 09:00:00"},
    {"id": 7, "patient_id": 99, "status": "pending", "start": "2025-03-03 09:00:00"},
]
FILES = [{"id": 9, "patient_id": 1, "file_name": "scan.pdf", "url": "https://x.example.com/a"}]
BLOB = b"%PDF-1.4 synthetic"
NOTEBOOK = "notebooks/07_migrate.20260101T000000000000Z.ipynb"
MAP = b"rows: []\n"
VERSIONS = {"workbench": "0.1.0"}
HASHES = {"config": "c" * 64, "mapping": "m" * 64, "schema": "s" * 64}


def store_page(
    folder: Path, store: Store, resource: str, rows: list[dict[str, object]], *, number: int = 1,
    last: bool = True, generation: int = 0,
) -> None:  # fmt: skip
    """Store one page the way the walk does."""
    body = json.dumps({"data": rows, "total_entries": len(rows), "links": {}}).encode()
    read = read_rows(resource_named(resource), rows, page=number, phase="extract")
    store.source.store_page(
        PageIn(
            resource=resource, generation=generation, number=number,
            request=f"/{resource}?page={number}", sha256=keep_page(folder, body),
            size=len(body), seconds=0.1, reported=len(rows),
            next=None if last else f"/{resource}?page={number + 1}", records=read.records,
        ),
        resolve=lambda _held, _new: (False, "the copy that came first counts"),
    )  # fmt: skip
    store.staging.add_issues(read.issues)


def small_run(folder: Path, *, sealed: bool = True) -> Store:
    """Make a finished run in `folder`; its balance closes and its evidence verifies."""
    store = Store(folder / "state.sqlite")
    _read_source(folder, store)
    _decide(store)
    _load(store)
    if sealed:
        finish(folder, store)
    else:
        _write(folder, store)
    return store


def finish(folder: Path, store: Store) -> None:
    """End the journey: what the phases write, the last verdict, the seal."""
    _write(folder, store)
    store.journey.set_phase("reconcile", Status.DONE, basis={"mapping": "m" * 64})
    seal(folder, store, versions=VERSIONS, hashes=HASHES)


def _write(folder: Path, store: Store) -> None:
    for name in ("connect", "audit", "map", "prepare", "extract", "sample", "migrate"):
        store.journey.set_phase(name, Status.DONE, basis={"mapping": "m" * 64})
    notebook = json.dumps({"cells": [{"outputs": ["11 equal"]}]}).encode()
    for name, kind, content in ((NOTEBOOK, "notebook", notebook), ("mapping.yaml", "mapping", MAP)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        store.journey.add_artefact(name, kind=kind, sha256=sha256(content), size=len(content))


def _read_source(folder: Path, store: Store) -> None:
    store_page(folder, store, "patients", PATIENTS[:2], last=False)
    store_page(folder, store, "patients", PATIENTS[2:], number=2)
    store_page(folder, store, "appointments", VISITS)
    store_page(folder, store, "files", FILES)
    with Sink(folder / "files") as sink:
        sink.write(BLOB)
        sink.keep(file_path(folder, sink.sha256))
        store.source.add_file(
            "files", "9", patient_id="1", declared=len(BLOB),
            record=row_hash(resource_named("files"), FILES[0]),
        )  # fmt: skip
        store.source.close_file(
            "files", "9", FileState.HELD, size=sink.size, sha1=sink.sha1, sha256=sink.sha256
        )
    store.staging.add_issues(
        [
            Issue(
                IssueKind.ORPHAN,
                "appointments",
                "7",
                "patient_id",
                "patient unknown",
                "kept",
                "extract",
            )
        ]
    )
    store.staging.set_field("patients.first_name", "patients", {"records": 2, "filled": 2})


def _decide(store: Store) -> None:
    store.journey.set_document("mapping", {"rows": 1})
    store.decisions.ask(
        [
            Question("value:appointments.status=missed", "map", "Which stage?",
                     ["Missed", "Cancelled"], basis=["missed"], proposal="Missed"),
            Question("sample", "sample", "Is the sample right?", ["approve", "reject"],
                     basis=["sample"]),
        ]
    )  # fmt: skip
    store.decisions.decide("value:appointments.status=missed", "Missed", by="Noor Visser")
    store.decisions.decide("sample", "approve", by="Noor Visser")


def _load(store: Store) -> None:
    made = [("res.partner", "patient", "patients", ["1", "2"]),
            ("crm.lead", "appointment", "appointments", ["5", "6", "7"]),
            ("ir.attachment", "file", "files", ["9"])]  # fmt: skip
    for model, singular, resource, ids in made:
        keys = [f"{singular}_{one}" for one in ids]
        operation = store.destination.intend("migrate", "load", model, keys=keys)
        store.destination.close(
            operation,
            OperationStatus.DONE,
            links=[
                Link(f"{singular}_{one}", model, 40 + int(one), resource, one, How.CREATED,
                     operation, "f" * 64)
                for one in ids
            ],
        )  # fmt: skip
        store.proof.set_outcomes(
            Outcome(resource, one, Fate.CREATED, "", f"{singular}_{one}", "migrate") for one in ids
        )
    store.proof.set_outcomes([Outcome("files:files", "9", Fate.CREATED, "", "file_9", "migrate")])
    store.proof.set_comparison(
        "all",
        verdicts=[Verdict("all", "res.partner", "name", "equal", "", 2),
                  Verdict("all", "res.partner", "comment", "tolerated", "html_equivalent", 1)],
        differences=[Difference("all", "patient_1", "res.partner", "comment", "tolerated",
                                "html_equivalent", "a", "a", "<p>a</p>")],
    )  # fmt: skip
