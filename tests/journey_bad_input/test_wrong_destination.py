"""The Odoo end is wrong: key, address, database, rights; what is put right goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journey.support import Journey, journey
from tests.journey_bad_input.support import asked, check_refusal, variant
from tests.support.real_odoo import key_of, person
from workbench.sandbox.odoo import OdooConnection, drop_database, fresh_database
from workbench.sandbox.processes import free_port

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("bad-input-stops")]

FOLDER = "destination"
"""One run folder for every mistake: each is made where the ones before were made."""


@pytest.fixture(scope="module")
def made(
    odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Journey]:
    """Set a very small clinic up, and an Odoo with a user who may do little."""
    with journey(tmp_path_factory.mktemp("destination"), patients=6) as made:
        person(made.odoo, "pia").close()
        (made.config.parent / "pia.key").write_text(key_of(made.odoo, "pia"), encoding="utf-8")
        (made.config.parent / "wrong.key").write_text("0" * 40, encoding="utf-8")
        yield made


@pytest.mark.parametrize(
    ("name", "change", "code", "words"),
    [
        ("missing", ("file:odoo.key", "file:nowhere.key"), 2,
         ("There is no secret for the Odoo key at file:nowhere.key", "Set the secret")),
        ("wrong", ("file:odoo.key", "file:wrong.key"), 1,
         ("Odoo refused the API key", "Make an API key in Odoo")),
        ("down", ("{url}", "http://127.0.0.1:{closed}"), 1,
         ("There is no answer from Odoo at 127.0.0.1", "nothing was sent")),
        ("database", ("{database}", "t_nobody_made_this"), 1,
         ("There is no Odoo database of that name", "Correct `database` under [odoo]")),
        ("rights", ("file:odoo.key", "file:pia.key"), 1,
         ("may not see which database this is", "Administration: Settings")),
    ],
)  # fmt: skip
def test_a_wrong_end_is_told(
    made: Journey, name: str, change: tuple[str, str], code: int, words: tuple[str, ...]
) -> None:
    """The phase has failed for a reason that `status` repeats; what was read before is kept."""
    known = {"url": made.odoo.url, "database": made.odoo.database, "closed": free_port()}
    mistaken = variant(
        made, name, (change[0].format(**known), change[1].format(**known)), folder=FOLDER
    )

    said = mistaken.run("--until", "connect")

    check_refusal(made, said, code, *words)
    standing = mistaken.status()
    assert standing["phases"]["connect"] == "failed"
    assert standing["source_requests"] == sum(asked(made).values())


def test_the_right_end_goes_on_in_the_same_folder_and_asks_nothing_twice(made: Journey) -> None:
    """Also after a misspelt database: a name that never answered binds nothing."""
    right = variant(made, "right", folder=FOLDER)

    assert right.run("--until", "connect").code == 0
    assert right.status()["phases"]["connect"] == "done"
    assert set(asked(made).values()) == {1}


def test_a_database_that_was_made_anew_is_not_the_one_of_the_run(made: Journey) -> None:
    """It has the same name and address, and our external ids mean nothing in it."""
    bound = variant(made, "bound")
    assert bound.run("--until", "connect").code == 0
    drop_database(made.odoo.database)
    fresh_database(made.odoo.database)

    said = bound.run("--phase", "connect")

    check_refusal(made, said, 2, "was made anew since", "--run")
    assert variant(made, "anew").run("--until", "connect").code == 0
