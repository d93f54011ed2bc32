"""mapping.yaml: the map as a page that people read and compare; a map is read back from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as MappingOf

from workbench.errors import MappingError
from workbench.mapping.faults import Fault, OdooFields, check
from workbench.mapping.model import (
    AppointmentsTo,
    Disposition,
    Mapping,
    MapRow,
    type_of,
)
from workbench.mapping.yaml_nodes import Node, parse
from workbench.mapping.yaml_text import braces, entry, scalar, shown
from workbench.staging.times import Order
from workbench.state.ids import id_order

VERSION = 1
HEAD = """\
# What becomes of every PracticeHub field in Odoo: one line a field.
# as: mapped | combined | lookup | kept | dropped    to: model and field    with: transform
"""
SECTIONS = frozenset(
    {"version", "account", "appointments_to", "timezone", "region", "fields", "values",
     "practitioners", "duplicates"}
)  # fmt: skip
_KEYS = {"as", "to", "with", "type", "part", "also", "clinical", "label", "why", "order"}
_ZONE = "UTC"
_LINES = "must hold `name: …` lines"


def dump_yaml(mapping: Mapping, *, head: str = HEAD) -> str:
    """Write a map as YAML: by resource and field, one line each; `load_yaml` reads it back.

    What is as usual is left out, so that one changed decision is one changed line.
    """
    return head + "".join(f"{line}\n" for line in _lines(mapping))


def _lines(mapping: Mapping) -> Iterator[str]:
    yield f"version: {VERSION}"
    if mapping.account:
        yield f"account: {scalar(mapping.account)}"
    yield f"appointments_to: {mapping.appointments_to.value}"
    if mapping.zone != _ZONE:
        yield f"timezone: {scalar(mapping.zone)}"
    if mapping.region:
        yield f"region: {scalar(mapping.region)}"
    yield "fields:" if mapping.rows else "fields: {}"
    for resource in mapping.resources():
        yield entry("  ", resource, "").rstrip()
        for row in mapping.of(resource):
            yield entry("    ", row.path, dump_line(row))
    if mapping.values:
        yield "values:"
        for source, known in sorted(mapping.values.items()):
            yield entry("  ", source, "").rstrip()
            yield from _texts("    ", sorted(known.items()))
    if mapping.practitioners:
        yield "practitioners:"
        people = sorted(mapping.practitioners.items(), key=lambda item: id_order(item[0]))
        yield from _texts("  ", people)
    if mapping.duplicates:
        yield "duplicates:"
        yield from _texts("  ", sorted(mapping.duplicates.items()))


def _texts(indent: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in pairs:
        yield entry(indent, name, scalar(text))


def dump_line(row: MapRow) -> str:
    """Write one row as its line in the map, in braces; `load_line` reads it back."""
    told = row.as_json()
    del told["field"]
    usual = "" if row.disposition.plain else type_of(row.target, row.transform)
    if row.type == usual:
        told.pop("type", None)
    elif not row.type:
        told["type"] = ""
    return braces(told.items())


def load_line(field: str, text: str) -> MapRow:
    """Read one row from its line.

    Raises:
        MappingError: it is not such a line; says what is wrong with it, without a line number.
    """
    node, found = parse(text)
    if found:
        what = f"{shown(field)} {'; '.join(what for _, what in found)}."
        raise MappingError(what)
    return load_row(field, node)


def load_row(field: str, node: Node | None) -> MapRow:
    """Read one row from the node of its line.

    Raises:
        MappingError: as for `load_line`.
    """
    reader = _Reader()
    row = reader.row(field, node)
    if row is None:
        what = f"{shown(field)} {'; '.join(shown(fault.what) for _, fault in reader.faults)}."
        raise MappingError(what)
    return row


def load_yaml(
    text: str | bytes,
    *,
    name: str = "mapping.yaml",
    odoo_fields: OdooFields | None = None,
    whole: bool = True,
) -> Mapping:
    """Read a map and check it.

    Args:
        text: the file's content; bytes are UTF-8, with or without a byte order mark.
        name: what to call the file in an error.
        odoo_fields: as for `check`; None checks without Odoo.
        whole: whether the map must name all that a load needs; False for some lines of one.

    Raises:
        MappingError: the text is not YAML, or the map is wrong; every fault with its line.
    """
    root, found = parse(text)
    if found:
        raise _error(name, [f"line {line} {what}" for line, what in sorted(found)])
    return load_nodes(root, name=name, odoo_fields=odoo_fields, whole=whole)[0]


def load_nodes(
    root: Node | None, *, name: str, odoo_fields: OdooFields | None = None, whole: bool = True
) -> tuple[Mapping, Callable[[str], int]]:
    """Read a map from the nodes of its file; as `load_yaml` in all else.

    Returns:
        The map, and what gives the line of a place as `Fault.where` names it.
    """
    reader = _Reader()
    mapping = reader.read(root, whole=whole)
    faults = list(reader.faults)
    # what is missing may stand in a line that could not be read
    partial = reader.unread or not whole
    faults += [
        (reader.line(fault.where), fault)
        for fault in check(mapping, odoo_fields=odoo_fields)
        if not (partial and fault.missing)
    ]
    if faults:
        raise _error(
            name,
            [
                f"line {line}: {shown(fault.where)}: {shown(fault.what)}"
                for line, fault in sorted(faults, key=_by_line)
            ],
        )
    return mapping, reader.line


def _error(name: str, lines: list[str]) -> MappingError:
    told = "\n".join(f"  {line}" for line in lines)
    what = f"{name} has {len(lines)} fault(s):\n{told}"
    return MappingError(what, do="Correct these lines, then go on with the file.")


def _by_line(one: tuple[int, Fault]) -> tuple[int, str, str]:
    return one[0], one[1].where, one[1].what


class _Reader:
    """Walks the nodes, so that every fault knows its line."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, Fault]] = []
        self.unread = False
        self._lines: dict[str, int] = {}

    def line(self, where: str) -> int:
        """Give the line of a place; of one that has none, that of the section it is in."""
        while where not in self._lines and "." in where:
            where = where.rpartition(".")[0]
        return self._lines.get(where, 1)

    def read(self, root: Node | None, *, whole: bool) -> Mapping:
        """Read the sections; what is wrong is in `faults`, what can be read in the map."""
        sections = self._pairs(root, "the file")
        for key, node in sections.items():
            self._lines[key] = node.line
            if key not in SECTIONS:
                self._fault(node, key, "is no section of a map")
        version = self._text(sections.get("version"), "version")
        if version != str(VERSION):
            self._fault(sections.get("version"), "version", f"must be {VERSION}")
        if whole and "fields" not in sections:
            self._fault(root, "fields", "is missing: the lines of the fields")
        zone = sections.get("timezone")
        return Mapping(
            rows=self._rows(sections.get("fields")),
            values={
                key: self._texts(node, f"values.{key}")
                for key, node in self._pairs(sections.get("values"), "values").items()
            },
            practitioners=self._texts(sections.get("practitioners"), "practitioners"),
            duplicates=self._texts(sections.get("duplicates"), "duplicates"),
            appointments_to=self._appointments_to(sections.get("appointments_to")),
            zone=self._text(zone, "timezone") if zone else _ZONE,
            region=self._text(sections.get("region"), "region"),
            account=self._text(sections.get("account"), "account"),
        )

    def _appointments_to(self, node: Node | None) -> AppointmentsTo:
        text = self._text(node, "appointments_to") or AppointmentsTo.LEAD.value
        if text not in set(AppointmentsTo):
            self._fault(node, "appointments_to", f"must be one of {', '.join(AppointmentsTo)}")
            return AppointmentsTo.LEAD
        return AppointmentsTo(text)

    def _rows(self, node: Node | None) -> tuple[MapRow, ...]:
        rows = []
        for resource, fields in self._pairs(node, "fields").items():
            self._lines[resource] = fields.line
            for path, line in self._pairs(fields, resource).items():
                row = self.row(f"{resource}.{path}", line)
                if row is not None:
                    rows.append(row)
        return tuple(rows)

    def row(self, source: str, node: Node | None) -> MapRow | None:
        """Read one field's line; None where it cannot stand for a row."""
        before = len(self.faults)
        if node is None or node.pairs is None:
            self._fault(node, source, "must be a line in braces: {as: …, to: …, with: …}")
            return None
        self._lines[source] = node.line
        entries = self._pairs(node, source)
        for key in entries.keys() - _KEYS:
            self._fault(entries[key], source, f"{key} is no key of a field")
        told = {key: one for key, one in entries.items() if not one.is_null}
        known = {key: self._text(told.get(key), source) for key in _KEYS - {"also", "clinical"}}
        if known["as"] not in set(Disposition):
            self._fault(node, source, f"as must be one of {', '.join(Disposition)}")
        if (known["order"] or Order.ISO) not in set(Order):
            self._fault(node, source, f"order must be {Order.DAY_FIRST} or {Order.MONTH_FIRST}")
        also = self._list(told.get("also"), source)
        clinical = self._flag(told.get("clinical"), source)
        if len(self.faults) > before:
            self.unread = True
            return None
        disposition = Disposition(known["as"])
        usual = "" if disposition.plain else type_of(known["to"], known["with"])
        return MapRow(
            field=source,
            disposition=disposition,
            target=known["to"],
            transform=known["with"],
            type=known["type"] if "type" in told else usual,
            part=known["part"],
            also=also,
            clinical=clinical,
            label=known["label"],
            why=known["why"],
            order=Order(known["order"] or Order.ISO),
        )

    def _fault(self, node: Node | None, where: str, what: str) -> None:
        self.faults.append((node.line if node else 1, Fault(where, what)))

    def _pairs(self, node: Node | None, where: str) -> dict[str, Node]:
        if node is None or node.is_null:
            return {}
        if node.pairs is None:
            self.unread = True
            self._fault(node, where, _LINES)
            return {}
        found: dict[str, Node] = {}
        for key, value in node.pairs:
            if key.text is None:
                self._fault(key, where, "has a name that is no text")
                continue
            if key.text in found:
                self._fault(key, where, f"{key.text} stands there twice")
            found[key.text] = value
        return found

    def _texts(self, node: Node | None, where: str) -> MappingOf[str, str]:
        found = {}
        for key, value in self._pairs(node, where).items():
            self._lines[f"{where}.{key}"] = value.line
            found[key] = "" if value.is_null else self._text(value, f"{where}.{key}")
        if node is not None:
            self._lines.setdefault(where, node.line)
        return found

    def _text(self, node: Node | None, where: str) -> str:
        """Take a scalar as it is written: `1`, `no` and `2024-01-01` are text here."""
        if node is None:
            return ""
        if node.text is None:
            self._fault(node, where, "must be a single value")
            return ""
        return "" if node.is_null else node.text

    def _list(self, node: Node | None, where: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if node.items is None:
            self._fault(node, where, "also must be a list")
            return ()
        return tuple(self._text(item, where) for item in node.items)

    def _flag(self, node: Node | None, where: str) -> bool:
        text = self._text(node, where)
        if text not in {"", "true", "false"}:
            self._fault(node, where, "clinical must be true or false")
        return text == "true"
