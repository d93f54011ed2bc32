"""What other people did since: to our records, or tied to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from workbench.mapping.clinical import VAULT
from workbench.mapping.model import CLINICAL_OF
from workbench.odoo._pointers import CASCADE, RESTRICT, Pointer, pointers, pointing
from workbench.odoo._staff import USERS, relied_on, with_staff
from workbench.odoo.client import Odoo
from workbench.odoo.external_ids import Held, chunks
from workbench.odoo.rollback_plan import Along, Hold, Taken
from workbench.odoo.values import edited, marks_of, plain

ROBOT = 1
"""Odoo's own user: scheduled jobs write as it, a person cannot."""
CONTACTS = "res.partner"
WATCHED = (CONTACTS, "crm.lead", "calendar.event", VAULT)
"""Models of ours that other records may point to."""
FOLLOWING = ("commercial_partner_id",)
"""Fields that Odoo fills after another one, which is looked at itself."""
ALONE = (CONTACTS, "crm.lead", "calendar.event")
"""Models whose records are somebody's work whoever made them: a mail may become a lead."""
BESIDE = (
    ("mail.message", "model", "res_id", "a message"),
    ("mail.activity", "res_model", "res_id", "an activity"),
    ("ir.attachment", "res_model", "res_id", "a file"),
)
"""What hangs on a record by the name of its model and its number."""
SAID = ("comment", "email", "sms", "whatsapp")
"""Kinds of message that somebody wrote, even where Odoo's robot stored them (a mail reply)."""

Add = Callable[[int, Hold], None]


class Foreign:
    """Tells our records apart from what other people made of them.

    Args:
        odoo: the client.
        rows: external ids of data records that we made, one a record.
        linked: model and number of records that were there before us.
        filled: model, number and field of what we wrote into those.
        absorbed: external ids of ours into whose records somebody merged others.
        rewritten: external ids that we wrote to again after their making, so that Odoo does
            not say any more who else wrote.
        sent_of: gives the fingerprints of external ids: what we sent last.
    """

    def __init__(
        self,
        odoo: Odoo,
        rows: Iterable[Held],
        *,
        linked: set[tuple[str, int]],
        filled: Collection[tuple[str, int, str]] = (),
        absorbed: Collection[str] = (),
        rewritten: Collection[str] = (),
        sent_of: Callable[[Iterable[str]], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self.odoo = odoo
        self.taken: list[Taken] = []
        self._linked, self._filled, self._absorbed = linked, filled, absorbed
        self._rewritten, self._sent_of = rewritten, sent_of
        self._by_model: dict[str, dict[int, str]] = {}
        for row in rows:
            self._by_model.setdefault(row.model, {})[row.res_id] = row.name

    @cached_property
    def mine(self) -> set[int]:
        """Give the numbers of the users that are no people: the migration's, and the robot."""
        return {self.odoo.me().id, ROBOT}

    @cached_property
    def others(self) -> frozenset[int]:
        """Give the numbers of all users but the migration's and Odoo's robot, archived too."""
        rows = self.odoo.search_read("res.users", [], fields=["login"])
        return frozenset(row["id"] for row in rows) - self.mine

    def is_other(self, user: object) -> bool:
        """Whether `[number, name]` of a user is a person's."""
        return isinstance(user, list) and user[0] not in self.mine

    def ours(self, model: str) -> list[int]:
        """Give the numbers of a model's records that we made, or linked."""
        linked = [number for name, number in self._linked if name == model]
        return [*self._by_model.get(model, {}), *linked]

    def used_by_others(self, model: str, domain: list[Any]) -> bool:
        """Whether a record that is neither ours nor was linked by us fits the domain."""
        return bool(
            self.odoo.call(
                model, "search_count", domain=[*domain, ["id", "not in", self.ours(model)]],
                context={"active_test": False}, limit=1,
            )
        )  # fmt: skip

    def kept(self, *, take: Collection[str], hold: Mapping[str, str]) -> dict[str, Hold]:
        """Give the data records that must stay, by external id, each with the reason.

        Afterwards `taken` lists what would stay but for `take`.

        Args:
            take: external ids that go although people changed them, if nothing forbids it.
            hold: external id → reason, of what stays in any case.
        """
        ours = {name for ids in self._by_model.values() for name in ids.values()}
        keep = {name: Hold(why) for name, why in hold.items() if name in ours}
        self.taken = []
        for model, ids in self._by_model.items():
            for number, found in self._touched(model, list(ids)).items():
                name, held = ids[number], _joined(found)
                if name in take and held.takes and name not in keep:
                    self.taken.append(Taken(name, model, held.reason, held.along, held.written))
                else:
                    keep.setdefault(name, held)
        staying = {name: held.reason for name, held in keep.items()}
        staying = with_staff(self.odoo, self._with_what_they_hang_on(staying), ours=self._by_model)
        staying = self._with_clinical_records(staying)
        keep |= {name: Hold(why) for name, why in staying.items() if name not in keep}
        self.taken = [one for one in self.taken if one.external_id not in keep]
        return keep

    def _touched(self, model: str, ids: list[int]) -> dict[int, list[Hold]]:
        """Give all that people did to records of one model, by number."""
        found: dict[int, list[Hold]] = {}

        def add(number: int, held: Hold) -> None:
            found.setdefault(number, []).append(held)

        for number, written in self._written_by_others(model, ids).items():
            why = "somebody changed it since it was loaded"
            add(number, Hold(why, takes=True, written=written))
        again = [one for one in ids if self._by_model[model][one] in self._rewritten]
        for number in self._differing(model, again) - found.keys():
            add(number, Hold("it holds values that this run did not write", takes=True))
        for number in (one for one in ids if self._by_model[model][one] in self._absorbed):
            add(number, Hold("somebody made it one with another contact", takes=True))
        for pointer in self._pointers_to(model):
            self._pointed_at(pointer, ids, add=add)
        if model in WATCHED:
            self._beside(model, ids, add=add)
        if model == USERS:
            for number, why in relied_on(self.odoo, ids, ours=self._by_model).items():
                add(number, Hold(why))
        return found

    def _written_by_others(self, model: str, ids: list[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for part in chunks(ids):
            rows = self.odoo.search_read(
                model, [["id", "in", part], ["write_uid", "not in", sorted(self.mine)]],
                fields=["write_date"],
            )  # fmt: skip
            found |= {row["id"]: str(row["write_date"]) for row in rows}
        return found

    def _not_ours(self, pointer: Pointer, found: dict[int, list[int]]) -> dict[int, list[int]]:
        """Leave out the pairs that we wrote ourselves, from the other side of the relation."""
        told = {number for number, marks in self._marks(pointer.relation, found).items()
                if pointer.mirror in marks}  # fmt: skip
        differing = self._differing(pointer.relation, told, only=pointer.mirror)
        linked = {number for name, number in self._linked if name == pointer.model}
        result = {number: found[number] for number in found.keys() & differing}
        for number in found.keys() - told:
            if others := [other for other in found[number] if other not in linked]:
                result[number] = others
        return result

    def _marks(self, model: str, ids: Iterable[int]) -> dict[int, dict[str, str]]:
        """Give what we sent last of records of ours: number → field → hash."""
        names = {number: self._by_model[model][number] for number in ids}
        sent = self._sent_of(names.values())
        return {number: marks_of(sent.get(name, "")) for number, name in names.items()}

    def _differing(self, model: str, ids: Iterable[int], *, only: str = "") -> set[int]:
        """Find records that hold something else than we sent last, in any field or in one."""
        marks = self._marks(model, ids)
        known = self.odoo.fields(model) if any(marks.values()) else {}
        kinds = {name: str(field["type"]) for name, field in known.items()
                 if field["type"] != "binary" and only in {"", name}}  # fmt: skip
        asked = sorted({name for one in marks.values() for name in one} & kinds.keys())
        found: set[int] = set()
        for part in chunks(marks if asked else (), 1000):
            for row in self.odoo.by_id(model, list(part), fields=asked):
                told = marks[row["id"]]
                if any(edited(told.get(name), plain(row[name], kind=kinds[name]), kind=kinds[name])
                       for name in asked):  # fmt: skip
                    found.add(row["id"])
        return found

    @cached_property
    def _pointers(self) -> list[Pointer]:
        watched = [model for model in WATCHED if model in self._by_model]
        return pointers(self.odoo, watched) if watched else []

    def _pointers_to(self, model: str) -> list[Pointer]:
        if model not in WATCHED:
            return []
        return [pointer for pointer in self._pointers if pointer.relation == model]

    def _pointed_at(self, pointer: Pointer, ids: list[int], *, add: Add) -> None:
        """Find who points to ours: what people made, and what Odoo would not let go."""
        anybody = pointer.model in ALONE or pointer.on_delete == RESTRICT
        if pointer.field in FOLLOWING or not (anybody or pointer.logged):
            return
        made, found = self._by_model.get(pointer.model, {}), dict[int, list[int]]()
        for other, number in pointing(self.odoo, pointer, ids, but_by=() if anybody else self.mine):
            if other not in made and (pointer.model, other, pointer.field) not in self._filled:
                found.setdefault(number, []).append(other)
        if pointer.mirror:
            found = self._not_ours(pointer, found)
        for number, others in found.items():
            add(number, _of_pointer(pointer, others))

    def _beside(self, model: str, ids: list[int], *, add: Add) -> None:
        for other, by_model, by_id, what in BESIDE:
            ours = set(self._by_model.get(other, {}))
            found: dict[int, list[int]] = {}
            for part in chunks(ids):
                domain: list[Any] = [[by_model, "=", model], [by_id, "in", part]]
                if other == "ir.attachment":
                    domain.append(["res_field", "=", False])
                fields = [by_id, "create_uid"]
                fields += ["message_type"] if other == "mail.message" else []
                for row in self.odoo.search_read(other, domain, fields=fields):
                    if row["id"] in ours:
                        continue
                    if row.get("message_type") in SAID or self.is_other(row["create_uid"]):
                        found.setdefault(row[by_id], []).append(row["id"])
            for number, others in found.items():
                along = Along(other, tuple(others), goes=True)
                add(number, Hold(f"{what} was added to it since", takes=True, along=(along,)))

    def _with_what_they_hang_on(self, keep: dict[str, str]) -> dict[str, str]:
        """Add the contacts that kept records belong to: without them these would be torn."""
        partners = self._by_model.get(CONTACTS, {})
        result = dict(keep)
        for model, fields in (
            ("crm.lead", ["partner_id"]), ("calendar.event", ["partner_ids"]),
            (VAULT, [CLINICAL_OF]),
            ("mail.message", ["model", "res_id"]), ("ir.attachment", ["res_model", "res_id"]),
        ):  # fmt: skip
            names = self._by_model.get(model, {})
            for part in chunks(number for number, name in names.items() if name in keep):
                for row in self.odoo.search_read(model, [["id", "in", part]], fields=fields):
                    for number in _numbers(row):
                        if number in partners:
                            why = f"{names[row['id']]} stays, and is about it"
                            result.setdefault(partners[number], why)
        return result

    def _with_clinical_records(self, keep: dict[str, str]) -> dict[str, str]:
        """Add what is clinically known of patients who stay: it is a part of them."""
        partners = self._by_model.get(CONTACTS, {})
        staying = [number for number, name in partners.items() if name in keep]
        records = self._by_model.get(VAULT, {})
        result = dict(keep)
        for part in chunks(staying if records else ()):
            for row in self.odoo.search_read(VAULT, [[CLINICAL_OF, "in", part]], fields=["id"]):
                if row["id"] in records:
                    result.setdefault(records[row["id"]], "the patient it is about stays")
        return result


def _of_pointer(pointer: Pointer, others: Iterable[int]) -> Hold:
    along = Along(pointer.model, tuple(sorted(set(others))), goes=pointer.on_delete == CASCADE)
    if pointer.on_delete == RESTRICT:
        why = f"Odoo does not remove it while {along} points to it"
        return Hold(why, takes=False, along=(along,))
    why = f"a record of {pointer.model} made by somebody points to it"
    return Hold(why, takes=True, along=(along,))


def _joined(found: list[Hold]) -> Hold:
    """Make one of all reasons for which a record stays, what forbids its removal first."""
    found = sorted(found, key=lambda held: held.takes)
    return Hold(
        "; ".join(dict.fromkeys(held.reason for held in found)),
        takes=all(held.takes for held in found),
        along=tuple(dict.fromkeys(one for held in found for one in held.along)),
        written=next((held.written for held in found if held.written), ""),
    )


def _numbers(row: dict[str, Any]) -> list[int]:
    for name in ("partner_id", CLINICAL_OF):
        if name in row:
            return [row[name][0]] if row[name] else []
    if "partner_ids" in row:
        return list(row["partner_ids"])
    about = row.get("model") or row.get("res_model")
    return [row["res_id"]] if about == CONTACTS and row["res_id"] else []
