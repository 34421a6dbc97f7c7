"""Values from outside: what is taken, what is refused, and with which words."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import orderflow as of
from orderflow.model.order import total_of


@pytest.mark.parametrize("amount", [1.5, float("nan"), "abc", Decimal("NaN"), Decimal("Infinity"), None, True, "1e999"])
def test_money_is_exact(amount: Any) -> None:
    """Floats, what is no number and what is not finite are refused as an amount."""
    with pytest.raises(of.InvalidValue) as caught:
        of.Money(amount, "CNY")
    assert caught.value.reasons[0].code in ("float_refused", "not_a_number")
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, of.Refused)


@pytest.mark.parametrize("currency", ["cny", "YUAN", "￥￥￥", "", None, 156])
def test_a_currency_is_three_capital_letters(currency: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(of.InvalidValue):
        of.Money("1", currency)


def test_money_compares_as_a_number() -> None:
    """Trailing zeros do not matter; the currency does."""
    assert of.Money("1.50", "CNY") == of.Money(Decimal("1.5"), "CNY")
    assert of.Money(1, "CNY") != of.Money(1, "EUR")


@pytest.mark.parametrize("id", ["", "  ", "a\nb", "x" * 201, None, 7])
def test_an_id_is_printable_text(id: Any) -> None:
    """Ids of orders, lines, customers and people are printable text of 1 to 200 characters."""
    for make in (of.Order, of.Customer, lambda id: of.Line(id, "A"), lambda id: of.Person(id=id), of.Actor.person):
        with pytest.raises(of.InvalidValue):
            make(id)


def test_the_ids_of_the_host_are_kept_as_they_are() -> None:
    """Any script, colons and spaces inside are fine."""
    assert of.Order("订单 2026:0001/a").id == "订单 2026:0001/a"


@pytest.mark.parametrize("value", [1.5, datetime(2026, 1, 1), object(), {"a": 1}, b"x", [1.5]])  # noqa: DTZ001 - the point
def test_attributes_are_plain_data(value: Any) -> None:
    """Floats, naive datetimes and other objects are refused as attributes."""
    with pytest.raises(of.InvalidValue):
        of.Order("SO-1", attributes={"x": value})


def test_attributes_keep_what_they_are() -> None:
    """Every allowed kind of value stays; instants are kept in UTC, None is left out, lists become tuples."""
    shanghai = datetime(2026, 1, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    order = of.Order("SO-1", attributes={"a": shanghai, "b": None, "c": [1, "x"], "d": date(2026, 1, 1), "e": False})
    assert dict(order.attributes) == {
        "a": datetime(2026, 1, 1, tzinfo=UTC),
        "c": (1, "x"),
        "d": date(2026, 1, 1),
        "e": False,
    }


def test_a_missing_total_is_the_sum_of_the_lines() -> None:
    """Quantity times unit price, summed; unknown without lines, without a price, or with two currencies."""
    price = of.Money("2.5", "CNY")
    lines = [of.Line("1", "A", 2, price=price), of.Line("2", "B", "0.5", price=price)]
    assert total_of(of.Order("SO-1", lines=lines)) == of.Money("6.25", "CNY")
    assert total_of(of.Order("SO-1", lines=lines, total=of.Money(9, "CNY"))) == of.Money(9, "CNY")
    assert total_of(of.Order("SO-1")) is None
    assert total_of(of.Order("SO-1", lines=[*lines, of.Line("3", "C")])) is None
    assert total_of(of.Order("SO-1", lines=[*lines, of.Line("3", "C", price=of.Money(1, "EUR"))])) is None


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: of.Order("SO-1", total=5), "not_money"),
        (lambda: of.Order("SO-1", customer=7), "bad_customer"),
        (lambda: of.Order("SO-1", lines=["A"]), "bad_line"),
        (lambda: of.Order("SO-1", lines=[of.Line("1", "A"), of.Line("1", "B")]), "duplicate_line"),
        (lambda: of.Line("1", "A", 0), "bad_quantity"),
        (lambda: of.Line("1", "A", 1, price=Decimal(1)), "not_money"),
        (lambda: of.Order("SO-1", promised_at=datetime(2026, 1, 1)), "naive_datetime"),  # noqa: DTZ001 - the point
        (lambda: of.Order("SO-1", promised_at=date.max), "year_out_of_range"),
        (lambda: of.Order("SO-1", promised_at="2026-01-01"), "not_an_instant"),
        (lambda: of.Fire(order="SO-1", trigger="x", by="li", at=datetime(2026, 1, 1)), "naive_datetime"),  # noqa: DTZ001
        (lambda: of.Actor(kind="persn", id="x"), "bad_actor"),
        (lambda: of.Note(order="SO-1", by="li", text="  "), "bad_text"),
        (lambda: of.Directory([of.Person(id="a"), of.Person(id="a")]), "duplicate_person"),
    ],
)
def test_wrong_values_are_refused_with_a_code(make: Any, code: str) -> None:
    """Each wrong value has its code, and a text in both languages."""
    with pytest.raises(of.InvalidValue) as caught:
        make()
    (found,) = caught.value.reasons
    assert found.code == code
    assert found.text("en")
    assert found.text("zh")


def test_values_can_be_pickled_and_compared() -> None:
    """Orders travel between processes and are equal by content."""
    order = of.Order("SO-1", customer="ACME", lines=[of.Line("1", "A")], attributes={"n": 1, "d": timedelta(hours=1)})
    assert pickle.loads(pickle.dumps(order)) == order
    assert hash(pickle.loads(pickle.dumps(order))) == hash(order)
