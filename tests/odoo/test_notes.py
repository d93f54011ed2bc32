"""Notes on a real Odoo: whatever the text, Odoo holds what is expected, and makes nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import real_odoo
from tests.support.odoo import database
from tests.support.small_load import loader
from workbench.mapping import Context
from workbench.mapping.notes import note
from workbench.mapping.outcome import message_values
from workbench.mapping.rows import LoadRow
from workbench.odoo import Odoo, read_back
from workbench.proof import Comparer, Origin, Rule
from workbench.sandbox.odoo import OdooConnection
from workbench.state import Store

pytestmark = pytest.mark.odoo
PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
HARD = {
    "a script": "<p>a</p><script>alert(1)</script><p onclick='x()'>b</p>",
    "a style": "<style>p{color:red}</style><p style='background:url(http://x)'>b</p>",
    "a table": "<table border=1><thead><tr><th colspan=2>H</th></tr></thead><tr><td>1<td>2</table>",
    "a picture": f'<p>x<img src="{PICTURE}==" data-filename="a.png">y</p>',
    "a picture as text": f'He wrote: src="{PICTURE}==" and\nwent home',
    "a picture in code": f"<p><code>&lt;img src='{PICTURE}=='&gt;</code></p>",
    "a short picture": "src='data:image/png;base64,iVBORw0KGgo='",
    "a link to a picture": f'<a href="{PICTURE}==">x</a>',
    "a link to a web page": '<a href="https://example.org/?a=1&b=2">x</a><a href="#f">f</a>',
    "a link to code": '<a href="javascript:alert(1)">j</a><a href="mailto:a@example.org">m</a>',
    "deep divisions": "<div>" * 900 + "deep" + "</div>" * 900,
    "deep lists": "<ul><li>x" * 300 + "deep" + "</li></ul>" * 300,
    "deep bold": "<b><i>" * 300 + "deep" + "</i></b>" * 300,
    "deep quotes": "<blockquote>" * 300 + "deep" + "</blockquote>" * 300,
    "less and more": "if a < b and c > d & e <see below> then <3\nnext line",
    "NUL": "a\x00b <p>c\x00d</p>",
    "half characters": "a\ud800b \udfff <b>x\ud83d</b>",
    "signs of all planes": "\U0001f600 <b>x</b> \u202eabc\u2028d\ufffee\uffff \x01\x0b\x7f\x85",
    "Word": '<p class=MsoNormal style="mso-margin-top-alt:auto"><o:p>&nbsp;</o:p><span lang=EN-US>'
    "W<!--[if gte mso 9]><xml>x</xml><![endif]--></span></p><o:p></o:p>",
    "a whole page": "<!DOCTYPE html><html><head><title>T</title></head><body>Body<br/>x</body>",
    "quotes and code": "<blockquote>q</blockquote><p>r</p><pre>  two  spaces\n\ttab </pre>",
    "an answered mail": "<p>t</p><p>-- <br>me</p><div class='gmail_quote'>On Monday:<blockquote>o"
    "</blockquote></div>",
    "mail lines": "hello\n> quoted\n> more\n--\nMe <me@example.org>",
    "entities": "&amp;lt; &euro; &nbsp;&nbsp; &#128512; &bogus; &#0; caf&eacute;",
    "unclosed tags": "<p>one<p>two<b>three",
    "templates": "${object.name} {{ object.name }}\n% if x:\n<t t-out='object.name'/>",
    "comments": "<!-- hidden --><p>x</p><!-- open",
    "drawings and formulas": "<svg><script>x</script><text>t</text></svg><math><mi>x</mi></math>",
    "forms and frames": "<form action=x><textarea>t</textarea></form><iframe src=x>in</iframe>",
    "lines of Windows": "<p>a\r\nb\rc</p>",
    "1 MB of HTML": "<p>" + "word &amp; <b>bold</b> " * 45_000 + "</p>",
    "1 MB of text": "line of text < here\n" * 50_000,
}
MADE_BY_ACCIDENT = ("ir.attachment", "mail.mail", "mail.notification", "mail.followers",
                    "mail.activity", "mail.link.preview", "mail.tracking.value")  # fmt: skip


@pytest.fixture
def odoo(odoo_server: OdooConnection) -> Iterator[Odoo]:
    """A database of its own."""
    with database() as connection, real_odoo.client(connection) as odoo:
        yield odoo


def test_notes_of_any_text_are_held_as_expected_and_make_nothing_else(
    odoo: Odoo, tmp_path: Path
) -> None:
    """Scripts, tables, Word, a megabyte: equal, or spelled otherwise; no picture becomes a file."""
    context = Context(timezone="UTC", patient_key=lambda _: None, patient_name=lambda _: None)
    patient = LoadRow("res.partner", "patient_1", "patients", "1", {"name": "Person"})
    rows = [
        LoadRow("mail.message", f"clinical_note_{number}", "clinical_notes", name,
                message_values("patient_1", "Note", note("Note", {"data": text}), context)
                | {"date": "2023-02-03 09:00:00"})
        for number, (name, text) in enumerate(HARD.items())
    ]  # fmt: skip
    with_store = Store(tmp_path / "state.sqlite")
    before = {model: odoo.call(model, "search_count", domain=[]) for model in MADE_BY_ACCIDENT}
    load = loader(odoo, with_store, tmp_path)
    report = load.load([patient, *rows])
    after = {model: odoo.call(model, "search_count", domain=[]) for model in MADE_BY_ACCIDENT}
    names = list(rows[0].values)
    held = dict(read_back(odoo, with_store, "mail.message", names))
    patient_id = with_store.destination.link("patient_1")
    comparer = Comparer(
        "all", resolve=lambda _: patient_id and patient_id.res_id,
        types={"mail.message": {n: str(f["type"]) for n, f in odoo.fields("mail.message").items()}},
        origin_of=lambda row, _: Origin(row.source_id),
    )  # fmt: skip
    found = comparer.feed(rows, held)
    again = load.load([patient, *rows])
    with_store.close()

    assert report.refused == []
    assert [(one.source, one.field) for one in found if one.verdict == "different"] == ([])
    assert {one.rule for one in found} <= {Rule.HTML_EQUIVALENT}
    assert after == before
    assert len(again.unchanged) == len(rows) + 1
    assert all(
        "deep" in str((held[row.external_id] or {})["body"])
        for row in rows if "deep" in row.source_id
    )  # fmt: skip
