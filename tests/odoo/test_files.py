"""Files on a real Odoo: their bytes arrive unchanged in either protocol, or are refused."""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support import real_odoo
from tests.support.odoo import database
from tests.support.small_load import MODULE, large_png, loader
from workbench.errors import OdooRefusedError
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.odoo import Lookups, Odoo, read_back
from workbench.odoo._attach import LIMIT, PARAMETER, TOO_LARGE
from workbench.odoo._body import FileBytes
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = pytest.mark.odoo
PATIENT = LoadRow("res.partner", "patient_1", "patients", "1", {"name": "Person"})
PROTOCOLS = pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>\r\n'
HTML = b"<html><script>alert(1)</script><p style='x'>caf\xe9 \x00</p></html>\r\n"


@dataclass
class Bench:
    """A run of its own on the module's database, in one protocol."""

    odoo: Odoo
    store: Store
    folder: Path
    calls: list[tuple[str, str]]

    def load(self, *rows: LoadRow) -> tuple[list[str], dict[str, str]]:
        """Load a patient and files; gives what was created, and what was refused and why."""
        self.calls.clear()
        report = loader(self.odoo, self.store, self.folder).load([PATIENT, *rows])
        return report.created, {one.external_id: one.reason for one in report.refused}

    def file(self, number: int, content: bytes, *, name: str = "", kind: str = "") -> LoadRow:
        """Hold a file, and expect it on the patient."""
        blob = hashlib.sha256(content).hexdigest()
        path = self.path(blob)
        path.write_bytes(content)
        return self.row(number, blob, name=name or f"letter {number}.pdf", kind=kind)

    def row(self, number: int, blob: str, *, name: str, kind: str = "") -> LoadRow:
        """Expect a held file on the patient."""
        values: dict[str, Value] = {"name": name, "res_model": "res.partner", "type": "binary",
                  "res_id": Ref(RefKind.RECORD, "patient_1")}  # fmt: skip
        if kind:
            values["mimetype"] = kind
        return LoadRow("ir.attachment", f"file_{number}", "files", str(number), values, blob=blob)

    def path(self, blob: str) -> Path:
        """Where the run keeps a file."""
        path = self.folder / "files" / blob[:2] / blob
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def held(self) -> dict[str, tuple[object, object, object]]:
        """Give checksum, size and kind of every attachment, as Odoo tells them."""
        names = ["checksum", "file_size", "mimetype"]
        return {
            key: (values["checksum"], values["file_size"], values["mimetype"])
            for key, values in read_back(self.odoo, self.store, "ir.attachment", names)
            if values is not None
        }


@pytest.fixture(scope="module")
def connection(odoo_server: OdooConnection) -> Iterator[OdooConnection]:
    """One database for the cases of this module."""
    with database() as connection:
        yield connection


@pytest.fixture
def protocol() -> str:
    """The newer protocol, unless a case asks for both."""
    return "json2"


@pytest.fixture
def bench(connection: OdooConnection, tmp_path: Path, protocol: str) -> Iterator[Bench]:
    """A run of its own; what it loaded is removed afterwards."""
    store = Store(tmp_path / "state.sqlite")
    with real_odoo.client(connection, protocol=protocol) as odoo:
        calls: list[tuple[str, str]] = []
        odoo._on_call = lambda model, method, _: calls.append((model, method))
        yield Bench(odoo, store, tmp_path, calls)
        for model in ("ir.attachment", "res.partner"):
            ids = [link.res_id for link in store.destination.links(model=model)]
            odoo.call(model, "unlink", ids=ids)
    store.close()


def large_jpeg() -> bytes:
    """Draw a photograph above the size at which Odoo would make it smaller."""
    luck = random.Random(2)  # noqa: S311  # an invented picture
    image = Image.frombytes("L", (2600, 200), luck.randbytes(2600 * 200))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def document() -> bytes:
    """Write what a word processor would: a zip with XML in it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS = {
    "photo.jpg": ("image/jpeg", large_jpeg),
    "scan.png": ("image/png", large_png),
    "drawing.svg": ("image/svg+xml", lambda: SVG),
    "mail.html": ("text/html", lambda: HTML),
    "data.xml": ("text/xml", lambda: b"<?xml version='1.0'?><a>\xef\xbf\xbd</a>"),
    "notes.txt": ("text/plain", lambda: b"\xff\xfe\x00lone \r\r\n"),
    "letter.pdf": ("application/pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40),
    "letter.docx": (WORD, document),
    "broken.png": ("image/png", lambda: b"\x89PNG\r\n\x1a\n and then nothing"),
    "empty.pdf": ("application/pdf", lambda: b""),
}


@PROTOCOLS
def test_every_kind_of_file_arrives_byte_for_byte(bench: Bench) -> None:
    """Pictures are not made smaller, pages with scripts not cleaned, nothing is added or cut."""
    contents = {name: make() for name, (_, make) in KINDS.items()}
    rows = [bench.file(number, contents[name], name=name, kind=KINDS[name][0])
            for number, name in enumerate(KINDS)]  # fmt: skip
    _, refused = bench.load(*rows)
    expected = {
        f"file_{number}": (hashlib.sha1(content).hexdigest() if content else None,  # noqa: S324
                           len(content) or None, KINDS[name][0])
        for number, (name, content) in enumerate(contents.items())
    }  # fmt: skip
    held = {key: (checksum, size or None, kind)
            for key, (checksum, size, kind) in bench.held().items()}  # fmt: skip

    assert refused == {}
    assert held == expected


@PROTOCOLS
def test_files_that_several_patients_share_are_sent_once_and_arrive_whole(bench: Bench) -> None:
    """Thirty copies of a leaflet: one call makes the records, one writes the bytes to all."""
    leaflet = random.Random(3).randbytes(150_000)  # noqa: S311  # an invented leaflet
    kinds = {number: "" if number % 2 else "application/pdf" for number in range(60)}
    _, refused = bench.load(
        *(bench.file(number, leaflet, kind=kinds[number]) for number in kinds), bench.file(99, b"x")
    )
    about_files = [method for model, method in bench.calls if model == "ir.attachment"]
    checksum = hashlib.sha1(leaflet).hexdigest()  # noqa: S324  # Odoo's own
    held = bench.held()
    alone = held.pop("file_99")

    assert refused == {}
    assert about_files.count("write") == 1
    assert about_files.count("load") <= 4
    assert set(held.values()) == {(checksum, 150_000, "application/pdf")}
    assert len(held) == 60
    assert alone[1] == 1


def test_a_shared_file_is_told_the_same_kind_as_one_sent_alone(bench: Bench) -> None:
    """Where PracticeHub names no kind, Odoo guesses from name, then bytes, in either way."""
    contents = {name: make() + b" " * 400_000 for name, (_, make) in KINDS.items()}
    names = [*contents, "letter", "page.unknown"]
    contents |= {"letter": b"%PDF-1.4" + b" " * 400_000, "page.unknown": HTML * 6000}
    alone = [bench.file(100 + place, contents[name], name=name)
             for place, name in enumerate(names)]  # fmt: skip
    bench.load(*alone)
    together = [bench.row(200 + 10 * place + copy, row.blob or "", name=str(row.values["name"]))
                for place, row in enumerate(alone) for copy in range(4)]  # fmt: skip
    bench.load(*together)
    held = bench.held()
    found = {row.external_id: held[row.external_id] for row in together}

    assert ("ir.attachment", "write") in bench.calls
    assert found == {
        f"file_{200 + 10 * place + copy}": held[f"file_{100 + place}"]
        for place in range(len(alone)) for copy in range(4)
    }  # fmt: skip


def test_what_odoo_finds_too_large_is_refused_and_the_rest_lands(bench: Bench) -> None:
    """The administrator's limit is learned from Odoo's answer; the reason says what can be done."""
    setting = bench.odoo.call(
        "ir.config_parameter", "create", vals_list=[{"key": PARAMETER, "value": "300000"}]
    )
    letters = [bytes([number]) * 40_000 for number in range(12)]
    rows = [bench.file(number, content) for number, content in enumerate(letters)]
    rows[5:5] = [bench.file(50, b"film" * 75_000), bench.file(51, b"scan" * 100_000)]
    created, refused = bench.load(*rows)
    bench.odoo.call("ir.config_parameter", "unlink", ids=setting)

    assert len(created) == 13
    assert set(refused) == {"file_50", "file_51"}
    assert refused["file_50"].startswith("Odoo takes no request as large as this file")
    assert PARAMETER in refused["file_50"]
    assert len(bench.held()) == 12
    assert bench.store.destination.unsettled() == []


def test_a_file_above_odoos_limit_is_refused_before_it_is_sent(bench: Bench) -> None:
    """Nobody waits for a hundred megabytes to be turned down; a raised limit lets them through."""
    blob = "a" * 64
    with bench.path(blob).open("wb") as file:
        file.truncate(LIMIT * 3 // 4 + 1)  # holes: they take no place on the disk
    row = bench.row(1, blob, name="film.bin", kind="video/mp4")
    _, refused = bench.load(row)
    told = bench.calls.count(("ir.attachment", "load"))
    setting = bench.odoo.call(
        "ir.config_parameter", "create", vals_list=[{"key": PARAMETER, "value": str(LIMIT + 2**20)}]
    )
    created, later = bench.load(row)
    bench.odoo.call("ir.config_parameter", "unlink", ids=setting)

    assert f"{PARAMETER} to 135266304" in refused["file_1"]
    assert told == 0
    assert (created, later) == (["file_1"], {})
    assert bench.held()["file_1"][1] == LIMIT * 3 // 4 + 1


@pytest.mark.parametrize("protocol", ["jsonrpc"])
def test_the_older_protocol_has_one_limit_and_says_so(bench: Bench) -> None:
    """There the parameter is not looked at, so nobody is told to set it."""
    blob = "a" * 64
    with bench.path(blob).open("wb") as file:
        file.truncate(LIMIT * 3 // 4 + 1)  # holes: they take no place on the disk
    row = bench.row(1, blob, name="film.bin", kind="video/mp4")
    _, refused = bench.load(row)
    with pytest.raises(OdooRefusedError) as found:
        bench.odoo.call("ir.attachment", "create", vals_list=[
            {"name": "film", "datas": FileBytes(bench.path(blob), LIMIT * 3 // 4 + 1)}
        ])  # fmt: skip

    assert refused["file_1"].endswith("bytes needs; attach the file by hand")
    assert found.value.name in TOO_LARGE


def test_a_file_that_changed_at_the_source_is_written_again(bench: Bench) -> None:
    """Its bytes are replaced; the others' are not sent again."""
    bench.load(bench.file(1, b"%PDF one"), bench.file(2, b"%PDF two"))
    created, refused = bench.load(bench.file(1, b"%PDF one"), bench.file(2, b""))
    empty = bench.held()["file_2"]
    bench.load(bench.file(1, b"%PDF one"), bench.file(2, large_png(), name="letter 2.pdf"))

    assert (created, refused) == ([], {})
    assert not empty[1]
    assert bench.held()["file_2"][1] == len(large_png())
    assert Lookups(bench.odoo, store=bench.store, module=MODULE).resolve(
        Ref(RefKind.RECORD, "file_2")
    )
