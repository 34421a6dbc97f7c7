"""Every error that orderflow raises.

OrderflowError
├── DefinitionError      a flow, calendar or other definition is wrong           .problems
├── LogError             an order history cannot be read                         .problems
├── Refused              a command or query was refused; nothing was written     .reasons
│   ├── UnknownOrder     there is no such order
│   ├── KeyReused        the id or key was used before with other content
│   └── InvalidValue     a value that no command may carry (also a ValueError)
├── Conflict             a race was lost; nothing was written; decide again      .stream, .expected
├── StorageError         the storage failed or holds something unreadable
└── MissingExtraError    an optional library is not installed                    .extra (also an ImportError)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orderflow.model.reasons import Problem, Reason, problem, reason


class OrderflowError(Exception):
    """The root of all errors that orderflow raises on purpose."""


class _WithProblems(OrderflowError):
    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @classmethod
    def of(cls, code: str, /, **params: Any) -> Any:
        """The error with one problem, from its code and parameters."""
        return cls([problem(code, **params)])

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self.problems)


class DefinitionError(_WithProblems):
    """A definition is wrong. `.problems` lists everything that was found, each with its place."""


class LogError(_WithProblems):
    """An order history cannot be read. `.problems` says what, where (line, column) and what to do."""


class Refused(OrderflowError):
    """A command or query was refused and nothing was written. `.reasons` says why, as data."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(self.reasons)

    @classmethod
    def of(cls, code: str, /, **params: Any) -> Any:
        """The error with one reason, from its code and parameters."""
        return cls([reason(code, **params)])

    def __str__(self) -> str:
        return "; ".join(str(item) for item in self.reasons)


class UnknownOrder(Refused):
    """There is no order with this id."""


class KeyReused(Refused):
    """This order id or idempotency key was used before, with other content."""


class InvalidValue(Refused, ValueError):
    """A value that no command may carry: a naive datetime, a float as money, an empty id."""


class Conflict(OrderflowError):
    """Somebody else wrote to the stream first. Nothing was written; load and decide again."""

    def __init__(self, stream: str, expected: int | None) -> None:
        self.stream = stream
        self.expected = expected
        super().__init__(stream, expected)

    def __str__(self) -> str:
        seen = "a new stream" if not self.expected else f"version {self.expected}"
        return f"{self.stream}: somebody else wrote first (expected {seen}); nothing was written, try again"


class StorageError(OrderflowError):
    """The storage failed, or what it holds cannot be read."""


class MissingExtraError(OrderflowError, ImportError):
    """A part of orderflow needs a library that is not installed. The message has the pip command.

    `extra` is None for a library that stands in no extra, since only a conversion to it needs it.
    """

    def __init__(self, library: str, extra: str | None = None) -> None:
        self.library = library
        self.extra = extra
        wanted = library if extra is None else f"'orderflow[{extra}]'"
        super().__init__(f"this needs {library}; install it with: pip install {wanted}")

    def __reduce__(self) -> tuple[Any, ...]:
        return MissingExtraError, (self.library, self.extra)
