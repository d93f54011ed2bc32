"""Field paths: how a value inside a record is named.

`city` is a field, `address.line1` a field of a nested object, `numbers[].number` a field
of every object in a list. A list of plain values has the path of the list itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping


def leaves(record: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield every path of a record with its value, in the record's order.

    A path is yielded once for every value found there: several times where lists are on
    the way. Empty objects and empty lists are yielded as None.
    """
    for key, value in record.items():
        yield from _leaves(key, value)


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
            yield from _leaves(f"{path}[]" if isinstance(inner, Mapping | list) else path, inner)
    else:
        yield path, value


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
    so that the answers for `numbers[].number` and `numbers[].iso2` stand in step.
    """
    return _at(record, path)


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
    """Give a copy of a record with the named paths and nothing else."""
    found = _only(record, frozenset(paths), "")
    return found if isinstance(found, dict) else {}


def _only(value: object, paths: frozenset[str], path: str) -> object:
    if isinstance(value, Mapping):
        kept = {
            key: inner
            for key, raw in value.items()
            if (inner := _only(raw, paths, f"{path}.{key}" if path else str(key))) is not None
        }
        return kept or None
    if isinstance(value, list):
        inside = [
            _only(inner, paths, f"{path}[]" if isinstance(inner, Mapping | list) else path)
            for inner in value
        ]
        return [inner for inner in inside if inner is not None] or None
    return value if path in paths else None
