"""Units of numbers and titles of line stages are told wherever a flow is put into words."""

from __future__ import annotations

import pytest

import orderflow as of
from orderflow.adapters.dump import dump_flow
from orderflow.adapters.flowfile import read_flow_text

TEXT = """\
flow: heavy
fields:
  order.weight: {type: number, unit: kg, title: {en: Weight, zh: 重量}}
lifecycle:
  initial: packing
  stages: {packing: {}, sent: {category: done}}
  transitions:
    - {trigger: send, source: packing, dest: sent, guard: "order.weight < 500 and lines('made') > 0"}
    - {trigger: close, source: packing, dest: sent, guard: lines('ordered') == 0}
lines: {stages: {open: {}, made: {title: {en: Made, zh: 已产}}}, moves: {make: {source: open, dest: made}}}
"""
FLOW = read_flow_text(TEXT)


def test_a_unit_is_part_of_the_flow() -> None:
    """It comes back from the dump, and another unit is another version, which is told."""
    assert FLOW.fields["order.weight"] == of.Field(type="number", unit="kg", title={"en": "Weight", "zh": "重量"})
    assert of.fingerprint(read_flow_text(dump_flow(FLOW))) == of.fingerprint(FLOW)
    [change] = of.diff(FLOW, read_flow_text(TEXT.replace("kg", "t")))
    assert (change.code, change.path) == ("field_unit_changed", "fields.order.weight.unit")
    assert change.text("zh") == "字段“重量”：单位由 kg 改为 t。"


def test_a_unit_belongs_to_a_number() -> None:
    """Beside any other type it is an error, at its place."""
    with pytest.raises(of.DefinitionError, match=r"^3:39 \(fields.order.weight.unit\): order.weight has a unit"):
        read_flow_text(TEXT.replace("type: number, unit", "type: boolean, unit").replace("order.weight < 500 and ", ""))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Weight is less than 500 kg and the quantity Made is more than 0", "the ordered quantity is 0"]),
        ("zh", ["重量小于 500 kg 且“已产”的数量大于 0", "订购的数量为 0"]),
    ],
)
def test_guards_are_told_with_units_and_titles(language: str, said: list[str]) -> None:
    """`describe` says the unit behind a number and the title of a line stage, in both languages."""
    text = of.describe(FLOW, language)  # type: ignore[arg-type]  # one of the two
    for words in said:
        assert words in text
    assert ("Weight (order.weight): a number, in kg." if language == "en" else "数字，单位 kg。") in text
