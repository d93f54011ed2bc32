"""Field paths: how a value inside a record is named.

`city` is a field, `address.line1` a field of a nested object, `numbers[].number` a field
of every object in a list. A list of plain values has the path of the list itself. The value
of a form's answer is named after form and question: `data[Intake / Allergies].value` (see
`forms`); such a path is compared as a whole and leads to nothing but that answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from workbench.staging.forms import ANSWERS, VALUE, answer_path, form_of, is_answer

_UNNAMED = f"{ANSWERS}[]"


def leaves(record: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield every path of a record with its value, in the record's order.

    A path is yielded once for every value found there: several times where lists are on
    the way. Empty objects and empty lists are yielded as None.
    """
    form = form_of(record)
    for key, value in record.items():
        if form is not None and key == ANSWERS and value:
            yield from _answers(form, value)
        else:
            yield from _leaves(key, value)


def _answers(form: str, items: object) -> Iterator[tuple[str, object]]:
    for item in items if isinstance(items, list) else []:
        named = answer_path(form, item)
        if named is None:
            yield from _leaves(_inside(ANSWERS, item), item)
            continue
        for key, inner in item.items():
            yield from _leaves(named if key == VALUE else f"{_UNNAMED}.{key}", inner)


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        if not value:
            yield path, None
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list):
        if not value:
            yield path, None
        for inner in value:
            yield from _leaves(_inside(path, inner), inner)
    else:
        yield path, value


def _inside(path: str, inner: object) -> str:
    return f"{path}[]" if isinstance(inner, Mapping | list) else path


def is_empty(value: object) -> bool:
    """Say whether a value holds nothing: null, blank text, an empty list or object."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, list):
        return all(is_empty(inner) for inner in value)
    if isinstance(value, Mapping):
        return all(is_empty(inner) for inner in value.values())
    return False


def filled_paths(record: Mapping[str, object]) -> set[str]:
    """Give the paths of a record that hold something."""
    return {path for path, value in leaves(record) if not is_empty(value)}


def present_paths(record: Mapping[str, object]) -> set[str]:
    """Give the paths a record has, filled or not."""
    return {path for path, _ in leaves(record)}


def value_at(record: Mapping[str, object], path: str) -> object:
    """Give the value at a path, None where there is none.

    For a path through a list the answer is a list with one entry for each object of it,
    so that the answers for `numbers[].number` and `numbers[].iso2` stand in step. A form's
    answer is the value itself; a list of the filled ones where the form asks twice.
    """
    if path in record or not path.startswith(f"{ANSWERS}["):
        return _at(record, path)
    form = form_of(record)
    if form is None:
        return _at(record, path)
    items = record[ANSWERS]
    if is_answer(path):
        return _answer(form, items, path)
    if path.startswith(f"{_UNNAMED}.{VALUE}"):
        # an answer that has a name is not found under the path of those without
        items = [item for item in _listed(items) if answer_path(form, item) is None]
    return _in_list(items, path[len(_UNNAMED) :])


def _answer(form: str, items: object, path: str) -> object:
    found = []
    for item in _listed(items):
        named = answer_path(form, item)
        if named is None or not path.startswith(named):
            continue
        value = _at({named: item[VALUE]}, path)
        if not is_empty(value):
            found.append(value)
    return found if len(found) > 1 else found[0] if found else None


def _listed(items: object) -> list[Any]:
    return items if isinstance(items, list) else []


def _at(value: object, path: str) -> object:
    if not path:
        return value
    if not isinstance(value, Mapping):
        return None
    if path in value:
        inner = value[path]
        return None if isinstance(inner, Mapping) else inner
    # a key may itself hold dots or brackets, so the longest key that fits wins
    for key in sorted((str(key) for key in value), key=len, reverse=True):
        if path.startswith(f"{key}."):
            found = _at(value[key], path[len(key) + 1 :])
            if found is not None:
                return found
        if path.startswith(f"{key}[]"):
            return _in_list(value[key], path[len(key) + 2 :])
    return None


def _in_list(value: object, rest: str) -> object:
    if not isinstance(value, list):
        return None
    if rest.startswith("[]"):
        return [_in_list(inner, rest[2:]) for inner in value]
    if not rest:
        return value
    return [_at(inner, rest.removeprefix(".")) for inner in value if isinstance(inner, Mapping)]


def only(record: Mapping[str, object], paths: Collection[str]) -> dict[str, object]:
    """Give a copy of a record with the named paths and nothing else.

    Of a form's answer that is filled and not named, its question is left out as well.
    """
    wanted = frozenset(paths)
    form = form_of(record)
    kept: dict[str, object] = {}
    for key, raw in record.items():
        if form is not None and key == ANSWERS:
            inner = _only_answers(form, raw, wanted)
        else:
            inner = _only(raw, wanted, str(key))
        if inner is not None:
            kept[key] = inner
    return kept


def _only_answers(form: str, items: object, paths: frozenset[str]) -> object:
    inside: list[object] = []
    for item in _listed(items):
        named = answer_path(form, item)
        if named is None:
            inside.append(_only(item, paths, _inside(ANSWERS, item)))
            continue
        kept = {
            key: inner
            for key, raw in item.items()
            if (inner := _only(raw, paths, named if key == VALUE else f"{_UNNAMED}.{key}"))
            is not None
        }
        # a question that stands there without its answer would read as not answered
        told = VALUE in kept or is_empty(item[VALUE])
        inside.append(kept if told and kept else None)
    return [inner for inner in inside if inner is not None] or None


def _only(value: object, paths: frozenset[str], path: str) -> object:
    if isinstance(value, Mapping):
        kept = {
            key: inner
            for key, raw in value.items()
            if (inner := _only(raw, paths, f"{path}.{key}")) is not None
        }
        return kept or None
    if isinstance(value, list):
        inside = [_only(inner, paths, _inside(path, inner)) for inner in value]
        return [inner for inner in inside if inner is not None] or None
    return value if path in paths else None
