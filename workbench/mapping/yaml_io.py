"""mapping.yaml: the map as a page that people read and compare; a map is read back from it."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Any, cast

import yaml

from workbench.errors import MappingError
from workbench.mapping.faults import Fault, OdooFields, check
from workbench.mapping.model import (
    AppointmentsTo,
    Disposition,
    Mapping,
    MapRow,
    type_of,
)
from workbench.staging.times import Order
from workbench.state.ids import id_order

VERSION = 1
_HEAD = """\
# What becomes of every PracticeHub field in Odoo: one line a field.
# as: mapped | combined | lookup | kept | dropped    to: model and field    with: transform
"""
_KEYS = {"as", "to", "with", "type", "part", "also", "clinical", "label", "why", "order"}
_SECTIONS = {
    "version", "appointments_to", "timezone", "region", "fields", "values", "practitioners",
    "duplicates",
}  # fmt: skip


class _Line(dict[str, Any]):
    """A mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


_Dumper.add_representer(
    _Line,
    lambda dumper, line: dumper.represent_mapping(
        "tag:yaml.org,2002:map", line.items(), flow_style=True
    ),
)


def dump_yaml(mapping: Mapping) -> str:
    """Write a map as YAML: by resource and field, one line each; `load_yaml` reads it back."""
    document: dict[str, Any] = {
        "version": VERSION,
        "appointments_to": mapping.appointments_to.value,
        "timezone": mapping.zone,
        "region": mapping.region,
        "fields": {
            resource: {row.path: _line(row) for row in mapping.of(resource)}
            for resource in mapping.resources()
        },
        "values": {
            source: dict(sorted(known.items()))
            for source, known in sorted(mapping.values.items())
            if known
        },
        "practitioners": dict(
            sorted(mapping.practitioners.items(), key=lambda item: id_order(item[0]))
        ),
        "duplicates": dict(sorted(mapping.duplicates.items())),
    }
    body = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000,
        default_flow_style=False,
    )  # fmt: skip
    return _HEAD + body


def _line(row: MapRow) -> _Line:
    line = _Line(row.as_json())
    del line["field"]
    if line.get("type") == type_of(row.target, row.transform):
        del line["type"]
    return line


def dump_line(row: MapRow) -> str:
    """Write one row as its line in the map, in braces; `load_line` reads it back."""
    text = yaml.dump(_line(row), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return text.strip()


def load_line(field: str, text: str) -> MapRow:
    """Read one row from its line.

    Raises:
        MappingError: it is not such a line; says what is wrong with it, without a line number.
    """
    reader = _Reader()
    try:
        row = reader.row(field, yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        row = None
        reader.faults.append((1, Fault(field, "is not written as a line of a map")))
    if row is None or reader.faults:
        told = "; ".join(fault.what for _, fault in reader.faults) or "is not written as a line"
        what = f"{field} {told}."
        raise MappingError(what)
    return row


def load_yaml(
    text: str, *, name: str = "mapping.yaml", odoo_fields: OdooFields | None = None
) -> Mapping:
    """Read a map and check it.

    Args:
        text: the file's content.
        name: what to call the file in an error.
        odoo_fields: as for `check`; None checks without Odoo.

    Raises:
        MappingError: the text is not YAML, or the map is wrong; every fault with its line.
    """
    reader = _Reader()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = f"{name} is not YAML: line {line}: {error.problem}."
        raise MappingError(what) from None
    except yaml.YAMLError:
        what = f"{name} is not YAML: it holds a character that may not stand in a text file."
        raise MappingError(what) from None
    mapping = reader.read(root)
    faults = list(reader.faults)
    if not faults:
        faults += [
            (reader.line(fault.where), fault) for fault in check(mapping, odoo_fields=odoo_fields)
        ]
    if faults:
        lines = [
            f"  line {line}: {fault.where}: {fault.what}"
            for line, fault in sorted(faults, key=_by_line)
        ]
        what = f"{name} has {len(lines)} fault(s):\n" + "\n".join(lines)
        raise MappingError(what)
    return mapping


def _by_line(entry: tuple[int, Fault]) -> tuple[int, str, str]:
    return entry[0], entry[1].where, entry[1].what


class _Reader:
    """Walks the nodes, so that every fault knows its line."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, Fault]] = []
        self._lines: dict[str, int] = {}

    def line(self, where: str) -> int:
        """Give the line of a place; of one that has none, that of the section it is in."""
        while where not in self._lines and "." in where:
            where = where.rpartition(".")[0]
        return self._lines.get(where, 1)

    def read(self, root: yaml.Node | None) -> Mapping:
        sections = self._pairs(root, "the file")
        for key, node in sections.items():
            if key not in _SECTIONS:
                self._fault(node, key, "is no section of a map")
        version = self._text(sections.get("version"), "version")
        if version != str(VERSION):
            self._fault(sections.get("version"), "version", f"must be {VERSION}")
        return Mapping(
            rows=self._rows(sections.get("fields")),
            values={
                key: self._texts(node, f"values.{key}")
                for key, node in self._pairs(sections.get("values"), "values").items()
            },
            practitioners=self._texts(sections.get("practitioners"), "practitioners"),
            duplicates=self._texts(sections.get("duplicates"), "duplicates"),
            appointments_to=self._appointments_to(sections.get("appointments_to")),
            zone=self._text(sections.get("timezone"), "timezone") or "UTC",
            region=self._text(sections.get("region"), "region"),
        )

    def _appointments_to(self, node: yaml.Node | None) -> AppointmentsTo:
        text = self._text(node, "appointments_to") or AppointmentsTo.LEAD.value
        if text not in set(AppointmentsTo):
            self._fault(node, "appointments_to", f"must be one of {', '.join(AppointmentsTo)}")
            return AppointmentsTo.LEAD
        return AppointmentsTo(text)

    def _rows(self, node: yaml.Node | None) -> tuple[MapRow, ...]:
        rows = []
        for resource, fields in self._pairs(node, "fields").items():
            self._lines[resource] = fields.start_mark.line
            for path, line in self._pairs(fields, resource).items():
                row = self.row(f"{resource}.{path}", line)
                if row is not None:
                    rows.append(row)
        return tuple(rows)

    def row(self, source: str, node: yaml.Node | None) -> MapRow | None:
        """Read one field's line; None where it says no disposition we know."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, source, "must hold `name: …` entries: {as: …, to: …, with: …}")
            return None
        self._lines[source] = node.start_mark.line + 1
        entries = self._pairs(node, source)
        for key in entries.keys() - _KEYS:
            self._fault(entries[key], source, f"{key} is no key of a field")
        known = {key: self._text(entries.get(key), source) for key in _KEYS - {"also", "clinical"}}
        if known["as"] not in set(Disposition):
            self._fault(node, source, f"as must be one of {', '.join(Disposition)}")
            return None
        if (known["order"] or Order.ISO) not in set(Order):
            self._fault(node, source, f"order must be {Order.DAY_FIRST} or {Order.MONTH_FIRST}")
            return None
        disposition = Disposition(known["as"])
        usual = "" if disposition.plain else type_of(known["to"], known["with"])
        return MapRow(
            field=source,
            disposition=disposition,
            target=known["to"],
            transform=known["with"],
            type=known["type"] or usual,
            part=known["part"],
            also=self._list(entries.get("also"), source),
            clinical=self._flag(entries.get("clinical"), source),
            label=known["label"],
            why=known["why"],
            order=Order(known["order"] or Order.ISO),
        )

    def _fault(self, node: yaml.Node | None, where: str, what: str) -> None:
        self.faults.append((node.start_mark.line + 1 if node else 1, Fault(where, what)))

    def _pairs(self, node: yaml.Node | None, where: str) -> dict[str, yaml.Node]:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in {"", "null"}):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, where, "must hold `name: …` lines")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            text = self._text(key, where)
            if text in found:
                self._fault(key, where, f"{text} stands there twice")
            found[text] = value
        return found

    def _texts(self, node: yaml.Node | None, where: str) -> MappingOf[str, str]:
        found = {}
        for key, value in self._pairs(node, where).items():
            self._lines[f"{where}.{key}"] = value.start_mark.line + 1
            found[key] = self._text(value, f"{where}.{key}")
        if node is not None:
            self._lines.setdefault(where, node.start_mark.line + 1)
        return found

    def _text(self, node: yaml.Node | None, where: str) -> str:
        """Take a scalar as it is written: `1`, `no` and `2024-01-01` are text here."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, where, "must be a single value")
            return ""
        null = node.tag == "tag:yaml.org,2002:null"
        return "" if null else cast("str", node.value)

    def _list(self, node: yaml.Node | None, where: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, where, "also must be a list")
            return ()
        return tuple(self._text(item, where) for item in node.value)

    def _flag(self, node: yaml.Node | None, where: str) -> bool:
        text = self._text(node, where)
        if text not in {"", "true", "false"}:
            self._fault(node, where, "clinical must be true or false")
        return text == "true"
