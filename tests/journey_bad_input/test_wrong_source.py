"""The PracticeHub end is wrong: a key, an address; what is put right goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journey.support import KEY_VARIABLE, Journey, journey
from tests.journey_bad_input.support import check_refusal, variant
from workbench.sandbox.odoo import OdooConnection
from workbench.sandbox.processes import free_port

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("bad-input-stops")]

FOLDER = "source"
"""One run folder for every mistake: each is made where the ones before were made."""


@pytest.fixture(scope="module")
def made(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    """Set a very small clinic up."""
    with journey(tmp_path_factory.mktemp("source"), patients=6) as made:
        (made.config.parent / "wrong.key").write_text("pk-not-the-key", encoding="utf-8")
        yield made


@pytest.mark.parametrize(
    ("name", "change", "code", "words"),
    [
        ("missing", (KEY_VARIABLE, "NOBODY_HAS_SET_THIS"), 2,
         ("There is no secret for the PracticeHub key at env:NOBODY_HAS_SET_THIS",
          "Set the secret")),
        ("wrong", (f"env:{KEY_VARIABLE}", "file:wrong.key"), 1,
         ("PracticeHub refused the key (401)", "Settings > Developers")),
        ("address", ('/api"', '/ipa"'), 1,
         ("PracticeHub has no patients at this address", "account, region and base_url")),
        ("down", ("{host}", "http://127.0.0.1:{closed}"), 1,
         ("PracticeHub did not answer", "address is right")),
    ],
)  # fmt: skip
def test_a_wrong_end_is_told(
    made: Journey, name: str, change: tuple[str, str], code: int, words: tuple[str, ...]
) -> None:
    """The phase has failed for a reason that `status` repeats; no key is ever printed."""
    known = {"host": made.source.base_url.removesuffix("/api"), "closed": free_port()}
    mistaken = variant(
        made, name, (change[0].format(**known), change[1].format(**known)), folder=FOLDER
    )

    said = mistaken.run("--until", "connect")

    check_refusal(made, said, code, *words)
    assert "pk-not-the-key" not in said.err
    shown = mistaken.workbench("status", str(mistaken.folder))
    assert f"connect failed {words[0]}" in " ".join(shown.out.split())


def test_the_right_end_goes_on_in_the_same_folder(made: Journey) -> None:
    """No mistake before has spoilt anything."""
    right = variant(made, "right", folder=FOLDER)

    assert right.run("--until", "connect").code == 0
    assert right.status()["phases"]["connect"] == "done"
    assert made.control.state()["violations"] == 0
