"""migration.toml → Config, and where its secrets come from."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from workbench.errors import ConfigError, SecretError

REGIONS = ("neptune", "apollo", "vulcan", "jupiter")
"""London, Sydney, Ohio, Singapore (PracticeHub developer guide, base addresses)."""


def _reference(value: str) -> str:
    kind, _, rest = value.partition(":")
    # a name with a dash in it is no variable's: it is a key that somebody wrote behind `env:`
    named = rest.isidentifier() if kind == "env" else bool(rest)
    if value and (kind not in {"env", "keyring", "file"} or not named):
        what = "must be env:NAME, keyring:SERVICE/NAME or file:PATH, never the key itself"
        raise ValueError(what)
    return value


def _address(value: str) -> str:
    like = "must be an address like https://clinic.odoo.com"
    try:
        parts = urlsplit(value)
    except ValueError:  # its message quotes the address, with the password that may stand in it
        raise ValueError(like) from None
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError(like)
    if parts.username or parts.password or parts.query:
        what = "must hold neither a password nor a query"
        raise ValueError(what)
    return value.rstrip("/")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        what = "must be a time zone like Europe/Amsterdam"
        raise ValueError(what) from None
    return value


def _further(names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        # here, because few name any, and `workbench status` needs no PracticeHub client
        from workbench.practicehub.catalogue import catalogue  # noqa: PLC0415

        try:
            catalogue(names)
        except ConfigError as error:
            raise ValueError(error.what) from None
    return names


Reference = Annotated[str, AfterValidator(_reference)]
Address = Annotated[str, AfterValidator(_address)]
Zone = Annotated[str, AfterValidator(_zone)]
Further = Annotated[tuple[str, ...], AfterValidator(_further)]
Account = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PracticeHubConfig(_Section):
    """The source. Naive times of PracticeHub are in `timezone`; the rate is requests a second.

    `extra_resources` are lists of this account that the catalogue does not know.
    `largest_file_mb` is in megabytes of 1,000,000 bytes; 0 means no limit.
    """

    account: Account
    region: Literal["auto", "neptune", "apollo", "vulcan", "jupiter"] = "auto"
    base_url: Address = ""
    api_key: Reference = "env:PRACTICEHUB_API_KEY"
    app_details: Annotated[str, Field(pattern=r"^[^=\s]+=[^=\s@]+@[^=\s@]+$")]
    timezone: Zone = "Europe/Amsterdam"
    requests_per_second: Annotated[float, Field(gt=0, le=1000)] = 1.0
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    file_hosts: tuple[str, ...] = ("amazonaws.com",)
    extra_resources: Further = ()
    largest_file_mb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0


class OdooConfig(_Section):
    """The destination. `calls_per_second` 0 means no limit; on Odoo Online it is 1 at most.

    `timeout_seconds` is how long Odoo may be silent before an answer counts as lost.
    """

    url: Address
    database: Annotated[str, Field(min_length=1)]
    login: str = ""
    api_key: Reference = "env:ODOO_API_KEY"
    protocol: Literal["auto", "json2", "jsonrpc"] = "auto"
    calls_per_second: Annotated[float, Field(ge=0, le=1000)] = 0
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120


class MigrationConfig(_Section):
    """What the clinic wants. `sample_size` counts patients."""

    appointments_to: Literal["crm.lead", "calendar.event", "both"] = "crm.lead"
    fallback_user: str = ""
    sample_size: Annotated[int, Field(ge=1, le=1000)] = 100
    restrict_clinical_fields: bool = True
    show_patient_data: bool = False


class ProposalsConfig(_Section):
    """Who else may suggest targets: a language model, where the clinic names one.

    `llm_url` is the part before `/chat/completions`; empty: none is asked. An empty
    `llm_api_key` means that the endpoint wants no key.
    """

    llm_url: Address = ""
    llm_model: str = ""
    llm_api_key: Reference = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.llm_url) != bool(self.llm_model):
            what = "llm_url and llm_model stand together, or both are empty"
            raise ValueError(what)
        return self


class EvidenceConfig(_Section):
    """Who signs the seal. `signing_key` is an SSH key's path; empty: the seal is not signed.

    It names a private key without a passphrase, or a public one whose private half the SSH
    agent holds. A relative path starts beside the original configuration.
    """

    signing_key: str = ""


class Config(_Section):
    """All of migration.toml, checked. Holds references to secrets, never a secret."""

    practicehub: PracticeHubConfig
    odoo: OdooConfig
    migration: MigrationConfig = MigrationConfig()
    proposals: ProposalsConfig = ProposalsConfig()
    evidence: EvidenceConfig = EvidenceConfig()

    @property
    def module(self) -> str:
        """The module name of our external ids: `__practicehub_<account>__`."""
        return f"__practicehub_{self.practicehub.account.replace('-', '_')}__"


def load_config(path: Path) -> Config:
    """Read and check a migration.toml.

    Raises:
        ConfigError: the file is missing, not TOML, or a key is misspelt or of a wrong
            kind; every fault is named with its section and key, none with its value.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = f"There is no configuration file {path}."
        raise ConfigError(what) from None
    except (OSError, UnicodeDecodeError) as error:
        what = f"{path} cannot be read: {type(error).__name__}."
        raise ConfigError(what) from None
    except tomllib.TOMLDecodeError as error:
        what = f"{path} is not TOML: {error}."
        raise ConfigError(what) from None
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        faults = [_fault(item["loc"], item["type"], item["msg"]) for item in error.errors()]
        what = f"{path} has {len(faults)} fault(s):\n" + "\n".join(f"  {fault}" for fault in faults)
        raise ConfigError(what) from None


def _fault(where: tuple[int | str, ...], kind: str, message: str) -> str:
    name = ".".join(str(part) for part in where)
    if kind == "extra_forbidden":
        return f"{name}: no such key{_suggestion(where)}"
    if kind == "missing":
        return f"{name}: is required"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _suggestion(where: tuple[int | str, ...]) -> str:
    section: type[BaseModel] = Config
    sections: dict[str, type[BaseModel]] = {
        "practicehub": PracticeHubConfig, "odoo": OdooConfig, "migration": MigrationConfig,
        "proposals": ProposalsConfig, "evidence": EvidenceConfig,
    }  # fmt: skip
    if len(where) > 1:
        section = sections.get(str(where[0]), Config)
    from rapidfuzz import process  # noqa: PLC0415 - only a typing error needs it

    best = process.extractOne(str(where[-1]), list(section.model_fields), score_cutoff=60)
    return f"; did you mean {best[0]}?" if best else ""


def secret(reference: str, *, what: str, base: Path | None = None) -> str:
    """Fetch a secret from where its reference points.

    Args:
        reference: `env:NAME`, `keyring:SERVICE/NAME` or `file:PATH`.
        what: what the secret is for, in words for the error: "the PracticeHub key".
        base: the folder that relative file paths start from.

    Raises:
        SecretError: nothing is there, or it is empty. The secret is never in the text.
    """
    kind, _, rest = reference.partition(":")
    where = reference or "no reference given"
    if kind == "env":
        found = os.environ.get(rest, "")
    elif kind == "keyring":
        # here, because it takes a tenth of a second and `workbench status` does not need it
        import keyring  # noqa: PLC0415
        import keyring.errors  # noqa: PLC0415

        service, _, name = rest.partition("/")
        try:
            found = keyring.get_password(service, name or service) or ""
        except keyring.errors.KeyringError:
            found = ""
    elif kind == "file":
        file = (base or Path()) / Path(rest).expanduser()
        # a run that was moved still means the old place: so it is said
        where += f" (looked for in {file.parent.absolute()})"
        try:
            found = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            found = ""
    else:
        found = ""
    if not found.strip():
        message = f"There is no secret for {what} at {where}."
        raise SecretError(message)
    return found.strip()
