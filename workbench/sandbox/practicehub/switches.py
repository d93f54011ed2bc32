"""Every way in which an account may behave that is not known for certain, as a switch.

The defaults are what is documented or was seen on live accounts; the others are the answers
that a client has to survive as well.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Drift(BaseModel):
    """Rows that come and go while a list is walked; counted in requests to that list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    insert_every: int = Field(default=0, ge=0, description="0: never; else a new row on top")
    delete_every: int = Field(default=0, ge=0, description="0: never; else a row near the top goes")


class Switches(BaseModel):
    """How the simulated account behaves just now.

    Attributes:
        rate: requests a second that the account may make, start to start; 0: no limit.
        jitter: seconds by which one arrival may be early; the long-run rate stays exact.
        refused_counts: a refused request starts the waiting time anew.
        retry_after: a 429 carries `Retry-After` (whole seconds).
        latency: seconds an answer of the API takes; what is refused at the door takes none.
        auth_status: how a missing or wrong key is answered.
        error_body: what errors look like: an object with `message`, one with `errors`, or text.
        next_link: `links.next` on the last page is null or absent; "never": no links at all.
        next_drops_page_size, next_drops_filters: `links.next` forgets part of the question.
        total_entries: counts distinct ids, or rows with the duplicates.
        past_end: a page past the end is empty, or not found.
        page_size_cap: rows on a page at most.
        no_operator: `attribute=value` is ignored, or taken for `eq`.
        bad_filter: an unreadable filter is ignored, or answered with 422 and `errors`.
        ignored_filters: resources on which every filter is ignored.
        order: by id, newest or oldest first.
        duplicates: resource -> share of its rows that come twice, identical.
        duplicates_within: the second copy follows at once, not on a later page.
        conflicts: how many appointments come twice and differ: the later copy says cancelled.
        drift: resource -> rows that come and go during a walk.
        record_zone: `created` and `updated` are in the clinic's zone, or in UTC.
        missing_resources, forbidden_resources: answered with 404, with 403.
        extra_resources: resource -> its records, by id: lists of this account alone.
        address: how `observed` patients write their address: an object, fields of their own,
            or one line of text.
        hidden_fields: resource -> fields left out of its records.
        renamed_fields: resource -> field -> the name it has here.
        overrides: resource -> id (as text) -> field -> value, for one odd record.
        url_seconds: life of a signed link, from its making; lowering it ends older ones too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: float = Field(default=1.0, ge=0)
    jitter: float = Field(default=0.005, ge=0)
    refused_counts: bool = True
    retry_after: bool = False
    latency: float = Field(default=0.0, ge=0)
    auth_status: Literal[401, 403] = 401
    error_body: Literal["message", "errors", "text"] = "message"
    next_link: Literal["null", "absent", "never"] = "null"
    next_drops_page_size: bool = False
    next_drops_filters: bool = False
    total_entries: Literal["distinct", "rows"] = "distinct"
    past_end: Literal["empty", "404"] = "empty"
    page_size_cap: int = Field(default=100, ge=1)
    no_operator: Literal["ignored", "eq"] = "ignored"
    bad_filter: Literal["ignored", "422"] = "ignored"
    ignored_filters: frozenset[str] = frozenset()
    order: Literal["newest", "oldest"] = "newest"
    duplicates: dict[str, float] = Field(
        default_factory=lambda: {"invoices": 0.1, "patient_logs": 0.02}
    )
    duplicates_within: bool = False
    conflicts: int = Field(default=1, ge=0)
    drift: dict[str, Drift] = Field(default_factory=dict)
    record_zone: Literal["local", "utc"] = "local"
    missing_resources: frozenset[str] = frozenset()
    forbidden_resources: frozenset[str] = frozenset()
    extra_resources: dict[str, list[dict[str, object]]] = Field(default_factory=dict)
    address: Literal["nested", "flat", "text"] = "nested"
    hidden_fields: dict[str, frozenset[str]] = Field(default_factory=dict)
    renamed_fields: dict[str, dict[str, str]] = Field(default_factory=dict)
    overrides: dict[str, dict[str, dict[str, object]]] = Field(default_factory=dict)
    url_seconds: float = 86400.0

    def changed(self, changes: dict[str, object]) -> Switches:
        """Give the switches with some of them set anew.

        Raises:
            pydantic.ValidationError: a name or a value does not exist.
        """
        return Switches.model_validate({**self.model_dump(), **changes})
