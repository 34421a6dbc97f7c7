"""What `orderflow init` writes and prints: a template, or a small file that extends it. `cli.py` has the command."""

from __future__ import annotations

import shlex
from pathlib import Path

from orderflow.adapters.sources import template_names, template_text
from orderflow.adapters.templates import template
from orderflow.adapters.yamlnodes import scalar
from orderflow.model.errors import DefinitionError, Refused
from orderflow.model.flow import Flow
from orderflow.model.reasons import Language, Place, in_language, problem, reason

_NEXT = {
    "en": "{path} is written. Next:\n  orderflow check {quoted}\n  orderflow diagram {quoted}\n",
    "zh": "已写入 {path}。下一步：\n  orderflow check {quoted}\n  orderflow diagram {quoted}\n",
}
_EXTENDING = """\
# Built on the template {name}. 基于模板 {name}。
# What stands here is laid over the template: mappings merge key by key, all else replaces, `key: null` removes, and
# `key+: [...]` appends to a list. `orderflow describe FILE` tells what comes of it.
# 此处内容叠加在模板之上：映射逐项合并，其余整体替换，`key: null` 删除，`key+: [...]` 追加到列表。
extends: {name}
flow: {flow}

# Some things to begin with; take the # away. 以下示例去掉 # 即可使用。
# title: {{en: Our orders, zh: 我们的订单}}
# fields:                                         # one more field 增加字段
#   order.project: {{type: text, title: {{en: Project, zh: 项目}}}}
# lifecycle:
#   stages:
#     {initial}: {{owner: {{role: null, team: front-desk}}}}   # another owner 更换责任人
#     extra_check: {{title: {{en: Extra check, zh: 复核}}, owner: {{role: manager}}}}   # one more stage 增加节点
#   transitions+:                                 # and the ways to it and back 增加流转
#     - {{trigger: check, source: {initial}, dest: extra_check, title: {{en: Check, zh: 送复核}}}}
#     - {{trigger: checked, source: extra_check, dest: {initial}, title: {{en: Checked, zh: 复核完成}}}}
# sla:
#   {sla}: {{target: 6h}}                         # another target 修改时限
#   extra_check: {{title: {{en: extra check, zh: 复核时限}}, start: extra_check, target: 4h}}
# notify:
#   placed: null                                  # nobody is told of new orders 下单时不再通知
# find+: [order.project]                          # one more attribute to search by 增加可查找的字段
"""


def init(path: Path | None, name: str, *, extends: bool, force: bool) -> Path:
    """Write the file of a template, or one that extends it, and give its path.

    - `path`: None is `NAME.yaml` here; in a folder that there is, `NAME.yaml` there.
    - Raises `Refused` when the file exists and `force` is not given, `DefinitionError` for an unknown template and
      for a path that cannot be written.
    """
    text = template_text(name)
    target = path or Path(f"{name}.yaml")
    if target.is_dir():
        target /= f"{name}.yaml"
    if extends:
        text = extending(template(name), target.stem)
    place = Place(file=str(target))
    try:
        with target.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise Refused([reason("file_exists", place)]) from None
    except OSError as error:
        raise DefinitionError([problem("cannot_write", place, error=error.strerror or str(error))]) from None
    return target


def extending(flow: Flow, name: str) -> str:
    """A flow file called `name` that extends a template and has hints, as comments, of what to write."""
    sla = next(name for name, item in flow.sla.items() if item.due is None and len(item.target) == 1)
    return _EXTENDING.format(name=flow.name, flow=scalar(name), initial=flow.lifecycle.initial, sla=sla)


def next_steps(path: Path, language: Language) -> str:
    """What to do with the file that was written."""
    return _NEXT[language].format(path=path, quoted=shlex.quote(str(path)))


def template_list(language: Language) -> str:
    """A line for each template: its name and title."""
    names = template_names()
    width = max(len(name) for name in names)
    return "".join(f"{name:<{width}}  {in_language(template(name).title, language, name)}\n" for name in names)
