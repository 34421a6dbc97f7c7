"""An immutable, hashable mapping: what every record uses where it holds names and values."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar

V = TypeVar("V")


class FrozenMap(Mapping[str, V]):
    """A mapping from text to values that never changes.

    - Order of insertion is kept when read; two maps with the same pairs in another order are equal.
    - Hashable when its values are; can be pickled and copied.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, V] | None = None, /, **more: V) -> None:
        self._items: dict[str, V] = {**(items or {}), **more}

    def __getitem__(self, key: str) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def get(self, key: str, default: Any = None) -> Any:
        return self._items.get(key, default)

    # The views of the dictionary itself: those that `Mapping` would give go through `__getitem__` for every value.

    def keys(self) -> KeysView[str]:
        return self._items.keys()

    def values(self) -> ValuesView[V]:
        return self._items.values()

    def items(self) -> ItemsView[str, V]:
        return self._items.items()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMap):
            return self._items == other._items
        if isinstance(other, Mapping):
            return self._items == dict(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"

    def __reduce__(self) -> tuple[type[FrozenMap[V]], tuple[dict[str, V]]]:
        return FrozenMap, (self._items,)

    def set(self, key: str, value: V) -> FrozenMap[V]:
        """The same map with one value put in or replaced."""
        return FrozenMap({**self._items, key: value})


EMPTY: FrozenMap[Any] = FrozenMap()


def as_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values as a tuple: what records use where they hold several; a lone value is one."""
    return tuple(values) if isinstance(values, Iterable) else (values,)


def as_names(values: str | Iterable[str] | None) -> tuple[str, ...]:
    """Several names as a tuple; a lone value is one name, None is none. Validators say what is no name."""
    if values is None:
        return ()
    return (values,) if isinstance(values, str) or not isinstance(values, Iterable) else tuple(values)


def freeze(value: Any) -> Any:
    """The same data in immutable containers: mappings become `FrozenMap`, lists and tuples become tuples."""
    if isinstance(value, FrozenMap):
        return value
    if isinstance(value, Mapping):
        return FrozenMap({str(key): freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, set | frozenset):
        return frozenset(freeze(item) for item in value)
    return value
