"""How to reach one database of the sandbox's Odoo."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, repr=False)
class OdooConnection:
    """Address, names and secrets of one database; its repr shows no secret.

    `dsn` is a PostgreSQL connection string of the role that owns every table, for proofs only.
    """

    url: str
    database: str
    login: str
    password: str
    api_key: str
    dsn: str

    def as_json(self) -> dict[str, str]:
        """Return every field, secrets included, for a file or pipe that is kept private."""
        return asdict(self)

    def __repr__(self) -> str:
        return f"OdooConnection(url={self.url!r}, database={self.database!r})"
