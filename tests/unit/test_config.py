"""migration.toml: every fault is named by its key, no secret ever stands in it."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.backend
import pytest

from workbench import assets
from workbench.config import load_config, secret
from workbench.errors import ConfigError, SecretError

GOOD = """
[practicehub]
account = "brightspine"
app_details = "workbench=ops@example.org"
[odoo]
url = "https://odoo.example.com"
database = "clinic"
"""


def write(folder: Path, text: str) -> Path:
    """Write a configuration file."""
    path = folder / "migration.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_template_is_a_valid_configuration() -> None:
    """What `workbench init` writes can be used once the names are filled in."""
    config = load_config(assets.templates() / "migration.toml")

    assert config.practicehub.requests_per_second == 1.0
    assert config.module == "__practicehub_brightspine__"


def test_what_is_left_out_has_the_documented_default(tmp_path: Path) -> None:
    """A short file is enough."""
    config = load_config(write(tmp_path, GOOD))

    assert config.practicehub.region == "auto"
    assert config.migration.appointments_to == "crm.lead"
    assert config.migration.restrict_clinical_fields
    assert config.practicehub.extra_resources == ()
    assert config.practicehub.largest_file_mb == 0
    assert config.odoo.timeout_seconds == 120


def test_further_resources_and_a_limit_for_files_can_be_named(tmp_path: Path) -> None:
    """An account with lists of its own has them named, in the order in which they are read."""
    more = 'extra_resources = ["recalls", "letters"]\nlargest_file_mb = 0.5\n[odoo]'
    config = load_config(write(tmp_path, GOOD.replace("[odoo]", more)))

    assert config.practicehub.extra_resources == ("recalls", "letters")
    assert config.practicehub.largest_file_mb == 0.5


def test_a_language_model_is_asked_only_where_one_is_named(tmp_path: Path) -> None:
    """Nobody is asked by default; an address and a model's name turn it on."""
    off = load_config(write(tmp_path, GOOD))
    named = '[proposals]\nllm_url = "https://llm.example.com/v1/"\nllm_model = "small"\n'
    on = load_config(write(tmp_path, GOOD + named))

    assert (off.proposals.llm_url, off.proposals.llm_model, off.proposals.llm_api_key) == (
        "", "", ""
    )  # fmt: skip
    assert on.proposals.llm_url == "https://llm.example.com/v1"


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("account =", "acount =", ("practicehub.acount", "did you mean account?")),
        ('account = "brightspine"', 'account = "Bright Spine"', ("practicehub.account",)),
        ('url = "https://odoo.example.com"', 'url = "odoo"', ("odoo.url", "address")),
        ('database = "clinic"', "", ("odoo.database: is required",)),
        ("[odoo]", 'region = "mars"\n[odoo]', ("practicehub.region",)),
        ("[odoo]", 'timezone = "Mars/Base"\n[odoo]', ("practicehub.timezone", "time zone")),
        ("[odoo]", "requests_per_second = 0\n[odoo]", ("practicehub.requests_per_second",)),
        ('database = "clinic"', 'database = "clinic"\ntimeout_seconds = 0',
         ("odoo.timeout_seconds",)),
        ('database = "clinic"', 'database = "clinic"\ncalls_per_second = -1',
         ("odoo.calls_per_second",)),
        ("[odoo]", "[odo]", ("odo: no such key", "odoo: is required")),
        ("[odoo]", 'api_key = "pk-a1b2"\n[odoo]', ("practicehub.api_key", "never the key itself")),
        ("[odoo]", 'extra_resources = ["Letters"]\n[odoo]',
         ("practicehub.extra_resources", "'Letters' cannot be a PracticeHub resource")),
        ("[odoo]", 'extra_resources = ["letters", "letters"]\n[odoo]',
         ("practicehub.extra_resources", "letters is named twice")),
        ("[odoo]", 'extra_resources = ["invoices"]\n[odoo]',
         ("practicehub.extra_resources", "invoices is read anyway")),
        ("[odoo]", "largest_file_mb = -1\n[odoo]", ("practicehub.largest_file_mb",)),
        ("[odoo]", "largest_file_mb = inf\n[odoo]", ("practicehub.largest_file_mb",)),
        ("[odoo]", '[proposals]\nllm_model = "small"\n[odoo]', ("proposals: llm_url and",)),
        ("[odoo]", '[proposals]\nllm_url = "llm"\n[odoo]', ("proposals.llm_url", "address")),
        ("[odoo]", '[proposals]\nllm_modle = "small"\n[odoo]',
         ("proposals.llm_modle", "did you mean llm_model?")),
        ("[odoo]", '[proposals]\nllm_api_key = "pk-a1b2"\n[odoo]',
         ("proposals.llm_api_key", "never the key itself")),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_key(
    tmp_path: Path, old: str, new: str, names: tuple[str, ...]
) -> None:
    """A typing error is found before anything is asked of either end."""
    path = write(tmp_path, GOOD.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        load_config(path)

    assert all(name in str(caught.value) for name in names)
    assert "pk-a1b2" not in str(caught.value)


def test_a_missing_file_and_broken_toml_are_told_apart(tmp_path: Path) -> None:
    """The person learns which of the two it is."""
    with pytest.raises(ConfigError, match="There is no configuration file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="not TOML"):
        load_config(write(tmp_path, "[practicehub"))


def test_secrets_come_from_where_their_reference_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key can live in the environment, in a file or in the keyring."""
    monkeypatch.setenv("CLINIC_KEY", "from-env")
    (tmp_path / "key").write_text("from-file\n")

    class Ring(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return "from-ring" if (service, username) == ("clinic", "odoo") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise AssertionError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call] # keyring is untyped
    try:
        assert secret("env:CLINIC_KEY", what="the key") == "from-env"
        assert secret("file:key", what="the key", base=tmp_path) == "from-file"
        assert secret("keyring:clinic/odoo", what="the key") == "from-ring"
        with pytest.raises(SecretError, match="keyring:clinic/none"):
            secret("keyring:clinic/none", what="the key")
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("reference", ["env:NOT_SET_ANYWHERE", "file:not-there", "", "plain"])
def test_a_reference_that_leads_nowhere_names_itself(reference: str, tmp_path: Path) -> None:
    """The person learns which secret is missing, and where it was looked for."""
    with pytest.raises(SecretError, match="the Odoo key"):
        secret(reference, what="the Odoo key", base=tmp_path)


@pytest.mark.parametrize("address", ["https://me:geheim℀@clinic.example.com", "https://[geheim"])
def test_an_address_that_cannot_be_read_is_not_quoted(tmp_path: Path, address: str) -> None:
    """A password that somebody wrote into an address never stands in the error."""
    path = write(tmp_path, GOOD.replace("[odoo]", f'base_url = "{address}"\n[odoo]'))

    with pytest.raises(ConfigError, match=r"practicehub\.base_url: must be an address") as caught:
        load_config(path)

    assert "geheim" not in str(caught.value)
