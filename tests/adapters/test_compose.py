"""A flow file that extends another and includes modules is the flow that one would write out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.compose import MAX_CHAIN
from orderflow.adapters.flowfile import read_flow_text

BASE = """\
flow: base
title: {en: Base, zh: 基础}
currency: CNY
fields:
  order.region: {type: text}
  customer.level: {type: choice, of: [A, B, C]}
lifecycle:
  initial: placed
  stages:
    placed: {owner: {role: sales}}
    review: {owner: {role: finance}}
    completed: {category: done}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: complete, source: review, dest: completed}
    - {trigger: call, source: "*", dest: null}
sla:
  placed: {start: placed, target: 3h, warn: [50%]}
  review: {start: review, target: 8h}
find: [order.region]
"""


def write(folder: Path, **files: str) -> None:
    """Files of a folder by name; `sub__a` is `sub/a.yaml`."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def load(folder: Path, text: str, **files: str) -> of.Flow:
    """The flow of `mine.yaml` beside `base.yaml` and other files."""
    write(folder, base=BASE, mine=text, **files)
    return of.load_flow(folder / "mine.yaml")


def refused(folder: Path, text: str, **files: str) -> tuple[of.Problem, ...]:
    with pytest.raises(of.DefinitionError) as caught:
        load(folder, text, **files)
    found: tuple[of.Problem, ...] = caught.value.problems
    assert all(item.place is not None and item.text("zh") for item in found)
    return found


# --- merging ------------------------------------------------------------------------------------------------------


def test_a_merged_file_is_the_one_that_is_written_out_by_hand(tmp_path: Path) -> None:
    """Mappings merge, scalars and lists replace, `+` appends, null removes; new stages come last."""
    flow = load(
        tmp_path,
        """\
extends: ./base.yaml
flow: mine
title: {en: Mine}
fields: {order.region: null, order.rush: {type: boolean}}
lifecycle:
  stages:
    review: {title: Check, owner: {role: null, team: finance}}
    packing: {owner: {role: warehouse}}
  transitions+:
    - {trigger: pack, source: review, dest: packing}
    - {trigger: complete, source: packing, dest: completed}
sla:
  review: {target: 4h, warn+: [80%]}
  placed: {warn+: [80%]}
  packing: {start: packing, target: 2h}
find: [customer.level]
""",
    )
    by_hand = read_flow_text(
        """\
flow: mine
title: {en: Mine, zh: 基础}
currency: CNY
fields:
  customer.level: {type: choice, of: [A, B, C]}
  order.rush: {type: boolean}
lifecycle:
  initial: placed
  stages:
    placed: {owner: {role: sales}}
    review: {title: Check, owner: {team: finance}}
    completed: {category: done}
    packing: {owner: {role: warehouse}}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: complete, source: review, dest: completed}
    - {trigger: call, source: "*", dest: null}
    - {trigger: pack, source: review, dest: packing}
    - {trigger: complete, source: packing, dest: completed}
sla:
  placed: {start: placed, target: 3h, warn: [50%, 80%]}
  review: {start: review, target: 4h, warn: [80%]}
  packing: {start: packing, target: 2h}
find: [customer.level]
"""
    )
    assert flow == by_hand
    assert of.fingerprint(flow) == of.fingerprint(by_hand)
    assert list(flow.lifecycle.stages) == ["placed", "review", "completed", "packing"]
    again = read_flow_text(of.dump_flow(flow))
    assert "extends" not in of.dump_flow(flow) and of.fingerprint(again) == of.fingerprint(flow)


def test_every_place_is_where_the_text_stands(tmp_path: Path) -> None:
    """File, line and column of the base, the module or the file itself; the path is the one in the merged flow."""
    flow = load(
        tmp_path,
        """\
extends: base.yaml
include: m.yaml
lifecycle:
  transitions+: [{trigger: again, source: review, dest: "="}]
""",
        m="fields: {order.rush: {type: boolean}}\n",
    )
    assert flow.places["lifecycle.transitions[0]"].file == str(tmp_path / "base.yaml")
    here = flow.places["lifecycle.transitions[3].trigger"]
    assert (here.file, here.line, here.column) == (str(tmp_path / "mine.yaml"), 4, 28)
    assert flow.places["fields.order.rush"].file == str(tmp_path / "m.yaml")


def test_problems_are_told_where_they_are_written(tmp_path: Path) -> None:
    """Both at once: a mistake in the file itself comes first, then those of the files that it is made of."""
    found = refused(
        tmp_path,
        "extends: ./broken.yaml\nlifecycle: {transitions+: [{trigger: x, source: placed, dest: reveiw}]}\n",
        broken=BASE.replace("target: 8h", "target: soon"),
    )
    places = [(Path(item.place.file or "").name, item.place.line, item.place.path) for item in found if item.place]
    assert places == [("mine.yaml", 2, "lifecycle.transitions[3].dest"), ("broken.yaml", 19, "sla.review.target")]


def test_overrides_and_removals_are_noted(tmp_path: Path) -> None:
    """A note for each, with its path and where it stood before; what is said again, new or appended has none."""
    flow = load(
        tmp_path,
        """\
extends: ./base.yaml
currency: CNY
fields: {order.region: null, order.new: {type: text}}
sla: {review: {target: 4h, warn+: [80%]}}
find: []
""",
    )
    assert [(item.code, item.severity, item.params["path"]) for item in flow.notes] == [
        ("removes", "note", "fields.order.region"),
        ("overrides", "note", "sla.review.target"),
        ("overrides", "note", "find"),
    ]
    target = flow.notes[1]
    assert str(target) == (
        f"{tmp_path / 'mine.yaml'}:4:24 (sla.review.target): "
        f"note: sla.review.target replaces what stands at {tmp_path / 'base.yaml'}:19:35"
    )
    assert all(item.text("zh") != item.text("en") for item in flow.notes)


def test_a_chain_of_files_is_followed(tmp_path: Path) -> None:
    """A base may extend another in another folder; each path begins where it is written."""
    flow = load(
        tmp_path,
        "extends: sub/middle.yaml\nflow: mine\n",
        sub__middle="extends: ../base.yaml\ninclude: [more.yaml]\ncurrency: EUR\n",
        sub__more="sla: {review: {target: 1h}}\n",
    )
    assert (flow.name, flow.currency) == ("mine", "EUR")
    assert str(flow.sla["review"].target[0].target) == "1:00:00"


def test_a_template_is_extended_by_its_name() -> None:
    """Also in a text without a file, as a template stands nowhere; places say `template:NAME`."""
    flow = read_flow_text("extends: sales-order\nflow: mine\nsla: {placed: {target: 1h}}\n")
    assert flow.name == "mine"
    assert str(flow.places["lifecycle.initial"]).startswith("template:sales-order:")
    assert [item.params["path"] for item in flow.notes] == ["flow", "sla.placed.target"]


def test_modules_make_one_file(tmp_path: Path) -> None:
    """A file of modules alone, which append to each other's lists; the file itself stands over them."""
    head, _, sla = BASE.partition("sla:\n")
    flow = load(
        tmp_path,
        "include: [a.yaml, b.yaml, c.yaml]\nflow: mine\n",
        a=head,
        b="sla:\n" + sla.partition("find:")[0] + "find+: [order.region]\n",
        c="include: b.yaml\nfind+: customer.level\n",
    )
    write(tmp_path, whole=BASE.replace("flow: base", "flow: mine") + "")
    whole = of.load_flow(tmp_path / "whole.yaml")
    assert flow.find == ("order.region", "customer.level")
    assert of.dump_flow(flow).replace("[order.region, customer.level]", "[order.region]") == of.dump_flow(whole)


def test_appending_to_nothing_is_the_list_itself(tmp_path: Path) -> None:
    """A base may get the list later; in a part that the base lacks altogether `+` changes nothing either."""
    flow = load(
        tmp_path,
        """\
extends: ./base.yaml
sla: {review: {warn+: [80%]}}
tracks:
  pay: {initial: a, stages: {a: , b: {category: done}}, transitions+: [{trigger: go, source: a, dest: b}]}
""",
    )
    assert [item.label for item in flow.sla["review"].warn] == ["80%"]
    assert flow.tracks["pay"].lifecycle.transitions[0].trigger == "go"


def test_a_plus_in_a_name_is_part_of_the_name(tmp_path: Path) -> None:
    """A stage called `A+` has a mapping behind it, or nothing, and is no list to append to."""
    flow = load(
        tmp_path,
        """\
extends: ./base.yaml
lifecycle:
  stages: {review+: {owner: li}, B+: }
  transitions+: [{trigger: up, source: review, dest: review+}, {trigger: on, source: review+, dest: B+},
    {trigger: complete, source: B+, dest: completed}]
""",
    )
    assert list(flow.lifecycle.stages) == ["placed", "review", "completed", "review+", "B+"]


def test_null_in_a_list_is_left_alone(tmp_path: Path) -> None:
    """`dest: null` means an internal transition, in the base as in what is appended."""
    flow = load(
        tmp_path,
        'extends: ./base.yaml\nlifecycle: {transitions+: [{trigger: ping, source: "*", dest: ~}]}\n',
    )
    assert [item.dest for item in flow.lifecycle.transitions] == ["review", "completed", None, None]


def test_nothing_behind_a_key_changes_nothing(tmp_path: Path) -> None:
    """`review:` alone is an empty mapping; only null removes."""
    flow = load(tmp_path, "extends: ./base.yaml\nlifecycle:\n  stages:\n    review:\n")
    assert flow.lifecycle.stages["review"].owner == of.OwnerRule(role="finance")
    assert flow.notes == ()


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("extends: ./none.yaml\n", "cannot_include", "none.yaml cannot be opened"),
        ("extends: sales-ordr\n", "unknown_template", "Did you mean 'sales-order'?"),
        ("extends: [a, b]\n", "want_text", "mine.yaml:1:10"),
        ("extends:\n", "want_text", "extends"),
        ("include: [none.yaml]\n", "cannot_include", "mine.yaml:1:11"),
        ("include: {a: b.yaml}\n", "want_text", "include"),
        ("extends: ./mine.yaml\n", "include_circle", "leads back to itself"),
        ("include: mine.yaml\n", "include_circle", "leads back to itself"),
        ("extends: a.yaml\n", "include_circle", "b.yaml:1:10"),
        ("extends: ./base.yaml\ncurency: null\n", "nothing_to_remove", "Did you mean 'currency'?"),
        ("extends: ./base.yaml\nsla+: [{start: placed}]\n", "append_to_mapping", "merged without the +"),
        ("extends: ./base.yaml\nfind: [order.region]\nfind+: [order.id]\n", "duplicate_key", "mine.yaml:3:1"),
        ("include: [list.yaml]\n", "want_mapping", "list.yaml:1:1"),
        ("include: [bad.yaml]\n", "not_yaml", "bad.yaml"),
        ("include: [extending.yaml]\n", "module_extends", "extending.yaml:1:10"),
        ("extends: ./base.yaml\ninclude: [m1.yaml, m2.yaml]\n", "modules_differ", "m1.yaml:1:24"),
        ("extends: ./base.yaml\ninclude: [m3.yaml, m4.yaml]\n", "modules_differ", "m3.yaml:1:1"),
        ("extends: ./base.yaml\ninclude: [m4.yaml, m3.yaml]\n", "modules_differ", "m4.yaml:1:1"),
        ("extends: ./base.yaml\ntransitions+: []\n", "unknown_key", "mine.yaml"),
        ("flow: x\nlifecycle: {transitions+: []}\n", "unknown_key", "Did you mean 'transitions'?"),
    ],
)
def test_what_cannot_be_composed_is_told_with_its_place(tmp_path: Path, text: str, code: str, words: str) -> None:
    """Each has its code, a place in the file that says so, and texts in both languages."""
    found = refused(
        tmp_path,
        text,
        a="extends: b.yaml\n",
        b="extends: a.yaml\n",
        list="- flow: x\n",
        bad="a: [\n",
        extending="extends: sales-order\n",
        m1="sla: {review: {target: 1h}}\n",
        m2="sla: {review: {target: 2h}}\n",
        m3="find: [order.id]\n",
        m4="find+: [order.id]\n",
    )
    assert code in [item.code for item in found]
    assert words in "\n".join(map(str, found))


def test_two_modules_may_say_the_same(tmp_path: Path) -> None:
    """Only what differs is a contradiction."""
    same = "sla: {review: {target: 1h}}\n"
    assert load(tmp_path, "extends: ./base.yaml\ninclude: [a.yaml, b.yaml]\n", a=same, b="find+: []\n" + same)


def test_the_chain_of_files_is_bounded(tmp_path: Path) -> None:
    """Ten files may lead from one to the next; one more is refused where it is named."""
    steps: dict[str, Any] = {f"f{n}": f"extends: ./f{n + 1}.yaml\n" for n in range(1, MAX_CHAIN)}
    steps[f"f{MAX_CHAIN}"] = BASE
    assert load(tmp_path, "extends: ./f1.yaml\n", **steps).name == "base"
    steps[f"f{MAX_CHAIN}"] = "extends: ./base.yaml\n"
    (found,) = refused(tmp_path, "extends: ./f1.yaml\n", **steps)
    assert found.code == "include_too_deep" and found.place and found.place.file
    assert Path(found.place.file).name == f"f{MAX_CHAIN}.yaml"


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """The problem is that of the module, not of the file that includes it."""
    (tmp_path / "gbk.yaml").write_bytes("title: 销售".encode("gb18030"))
    (found,) = refused(tmp_path, "extends: ./base.yaml\ninclude: gbk.yaml\n")
    assert (found.code, found.place and found.place.file) == ("not_utf8", str(tmp_path / "gbk.yaml"))


@pytest.mark.parametrize("key", ["extends: ./base.yaml", "include: [base.yaml]"])
def test_a_text_without_a_file_has_no_neighbours(key: str) -> None:
    """A relative path leads nowhere from a text that is in no file."""
    with pytest.raises(of.DefinitionError) as caught:
        read_flow_text(key + "\n")
    (found,) = caught.value.problems
    assert found.code == "no_folder" and found.place and found.place.line == 1


def test_all_problems_of_composing_come_at_once(tmp_path: Path) -> None:
    """Every file that is missing, every contradiction, in one go."""
    found = refused(
        tmp_path,
        "extends: ./base.yaml\ninclude: [x.yaml, y.yaml, m1.yaml, m2.yaml]\nnone: null\n",
        m1="currency: EUR\n",
        m2="currency: USD\n",
    )
    assert [item.code for item in found] == ["cannot_include", "cannot_include", "modules_differ", "nothing_to_remove"]
