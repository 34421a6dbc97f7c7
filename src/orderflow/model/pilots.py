"""Pilots as values: a version of a flow that is tried on some of the new orders, and how large a share is written."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import frozen

from orderflow.model.condition import Condition
from orderflow.model.errors import InvalidValue
from orderflow.model.reasons import Language, reason

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%", re.ASCII)
_FRACTION = 9  # the most digits of a share behind the point: a billionth of the orders


@frozen(kw_only=True)
class Pilot:
    """A version of a flow that is tried on a part of the new orders.

    - `share`: a fraction above 0, at most 1; None is all of them. `when`: only orders for which this is true.
    - `started_at`, `ended_at`: when it was recorded; `ended_at` is None while it takes orders.
    - `adopted`: it ended because its version is to be everybody's; else it was withdrawn.
    """

    name: str
    flow: str
    fingerprint: str
    share: Decimal | None = None
    when: Condition | None = None
    started_at: datetime
    ended_at: datetime | None = None
    adopted: bool = False

    @property
    def running(self) -> bool:
        """Whether it takes new orders."""
        return self.ended_at is None

    def text(self, language: Language = "en") -> str:
        """The pilot in words."""
        code = "pilot_running" if self.running else "pilot_adopted" if self.adopted else "pilot_withdrawn"
        when = self.when.text if self.when is not None else "–"
        said = reason(
            code,
            pilot=self.name,
            flow=self.flow,
            version=self.fingerprint[:12],
            share=percent(self.share),
            when=when,
            start=self.started_at,
            end=self.ended_at,
        )
        return said.text(language)

    def __str__(self) -> str:
        return self.text()

    @property
    def rule(self) -> str:
        """The `rule` of the events that placed its orders."""
        return f"pilot:{self.name}"


def to_share(value: Any) -> Decimal | None:
    """A share as a fraction: from `Decimal("0.1")`, from `"10%"`, or from a whole number of percent; None stays.

    Raises `InvalidValue` for floats, for text without `%`, and for what is not above 0 and at most 1.
    """
    if value is None:
        return None
    if isinstance(value, float):
        raise InvalidValue.of("float_refused", what="share", value=repr(value))
    share: Decimal | None = None
    if isinstance(value, Decimal) and value.is_finite():
        share = value
    elif isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 100:
        share = Decimal(value) / 100
    elif isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())):
        share = Decimal(found[1]) / 100
    if share is None or not 0 < share <= 1 or int(share.as_tuple().exponent) < -_FRACTION:
        raise InvalidValue.of("bad_share", value=repr(value)[:80])
    return share.normalize()


def below(number: int, bits: int, share: Decimal | None) -> bool:
    """Whether a number of so many bits, as a fraction of all such numbers, is below a share; exact."""
    return share is None or Fraction(number, 1 << bits) < Fraction(share)


def percent(share: Decimal | None) -> str:
    """A share as people write it: `10%`."""
    return "100%" if share is None else f"{(share * 100).normalize():f}%"
