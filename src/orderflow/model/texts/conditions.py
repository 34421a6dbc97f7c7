"""Texts about conditions."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # What text cannot be read as a condition (model/parse.py).
    "condition_not_text": {
        "en": "a condition is written as text, not as {kind}; put it in quotes",
        "zh": "条件必须写成文本，而不是 {kind}；请加上引号",
    },
    "condition_empty": {"en": "the condition is empty", "zh": "条件为空"},
    "condition_too_long": {
        "en": "the condition has {length} characters, more than {limit}; split it or say it more shortly",
        "zh": "条件有 {length} 个字符，超过 {limit} 个；请拆分或简化",
    },
    "condition_too_many": {
        "en": "the condition has more than {limit} words and signs; split it or say it more shortly",
        "zh": "条件的词和符号超过 {limit} 个；请拆分或简化",
    },
    "condition_too_deep": {
        "en": "the condition is nested more than {limit} levels deep; write it flatter",
        "zh": "条件嵌套超过 {limit} 层；请减少嵌套",
    },
    "condition_character": {
        "en": "the character {character!r} has no meaning in a condition.",
        "zh": "条件中不能使用字符 {character!r}。",
    },
    "condition_operator": {
        "en": "{operator!r} is not an operator of conditions; there are {known}.",
        "zh": "{operator!r} 不是条件的运算符；可用的有 {known}。",
    },
    "condition_text_open": {
        "en": "the text that begins here is not closed on its line; end it with {quote}",
        "zh": "从这里开始的文本没有在本行结束；请用 {quote} 结尾",
    },
    "condition_text_escape": {
        "en": "this text has the escape {escape!r}; only \\\\, \\', \\\", \\n and \\t are known",
        "zh": "此文本含有转义 {escape!r}；只能使用 \\\\、\\'、\\\"、\\n 和 \\t",
    },
    "condition_text_prefix": {
        "en": "texts have no prefix here: remove {prefix!r} before the quote",
        "zh": "文本不能带前缀：请删除引号前的 {prefix!r}",
    },
    "condition_text_twice": {
        "en": "two texts stand side by side; is a comma missing between them?",
        "zh": "两个文本紧挨在一起；中间是否漏了逗号？",
    },
    "condition_number": {
        "en": "{number!r} is not a number; write whole numbers and decimals as 50000 or 0.25, at most {limit} digits",
        "zh": "{number!r} 不是有效的数字；请写成 50000 或 0.25 的形式，最多 {limit} 位",
    },
    "condition_name": {
        "en": "{name!r} cannot be a name here: names consist of letters, digits and inner underscores, at most {limit} "
        "parts with dots between them.",
        "zh": "{name!r} 不能作为名称：名称由字母、数字和中间的下划线组成，用点分隔，最多 {limit} 段。",
    },
    "condition_word": {
        "en": "{word!r} is not a word of conditions and cannot be a name.",
        "zh": "{word!r} 不是条件的用词，也不能作为名称。",
    },
    "condition_bracket": {
        "en": "the bracket {bracket!r} has no partner",
        "zh": "括号 {bracket!r} 没有配对",
    },
    "condition_ends": {
        "en": "the condition ends too early; something is missing here",
        "zh": "条件不完整：此处缺少内容",
    },
    "condition_syntax": {"en": "the condition cannot be read at {near!r}", "zh": "无法理解条件中的 {near!r}"},
    "condition_foreign": {
        "en": "{text!r} is not part of the condition language",
        "zh": "{text!r} 不属于条件语言",
    },
    "condition_function": {
        "en": "there is no function {function!r} in conditions; there are {known}.",
        "zh": "条件中没有函数 {function!r}；可用的有 {known}。",
    },
    "condition_usage": {"en": "{text!r} cannot be read; write {usage}", "zh": "无法理解 {text!r}；请写成 {usage}"},
    "condition_missing": {
        "en": "nothing equals a missing value: write X is missing or X is not missing, where X is one name or call",
        "zh": "缺失值不能与任何值比较：请写成 X is missing 或 X is not missing，其中 X 是一个名称或函数",
    },
    "condition_is": {
        "en": "'is' is only for 'is missing' and 'is not missing'; compare values with == or !=",
        "zh": "is 只能用于 is missing 和 is not missing；比较值请用 == 或 !=",
    },
    "condition_list": {
        "en": "on the right of 'in' stands a list that is not empty, ['A', 'B'], or the name of a list",
        "zh": "in 的右边必须是非空列表（如 ['A', 'B']）或列表的名称",
    },
    "condition_chain": {
        "en": "'in' and 'is' cannot be chained with other comparisons; join two comparisons with 'and'",
        "zh": "in 和 is 不能与其他比较连写；请用 and 连接两个比较",
    },
    "condition_time": {
        "en": "no instant can be computed at which this changes; write elapsed(stage) >= hours(8) or "
        "now >= order.promised_at - days(2), with one <, <=, > or >= and outside any, all, sum and len",
        "zh": "无法算出此条件何时变化；请写成 elapsed(stage) >= hours(8) 或 now >= order.promised_at - days(2)，"
        "只用一个 <、<=、> 或 >=，且不放在 any、all、sum、len 之内",
    },
    # What a condition cannot mean, given the declared names (model/check.py).
    "condition_unknown_name": {"en": "there is no {name!r} here.", "zh": "这里没有 {name!r}。"},
    "condition_unknown_function": {
        "en": "{function}(...) cannot be used in this condition",
        "zh": "此条件中不能使用 {function}(...)",
    },
    "condition_unknown_argument": {
        "en": "{function}({name!r}): there is no {name!r}.",
        "zh": "{function}({name!r})：没有 {name!r}。",
    },
    "condition_types": {
        "en": "{left} ({left_type}) cannot be compared with {right} ({right_type})",
        "zh": "{left}（{left_type}）不能与 {right}（{right_type}）比较",
    },
    "condition_order": {
        "en": "{operator!r} needs values that have an order; {text} is {type}: use ==, != or in",
        "zh": "{operator!r} 需要可比大小的值；{text} 的类型是 {type}：请用 ==、!= 或 in",
    },
    "condition_arithmetic": {
        "en": "{left} ({left_type}) {operator} {right} ({right_type}) cannot be calculated",
        "zh": "无法计算 {left}（{left_type}）{operator} {right}（{right_type}）",
    },
    "condition_type": {
        "en": "{text} is {type}, but {wanted} is needed here",
        "zh": "{text} 的类型是 {type}，此处需要 {wanted}",
    },
    "condition_vocabulary": {
        "en": "{name} is never {value!r}; it is one of {known}.",
        "zh": "{name} 不可能是 {value!r}；可取的值有 {known}。",
    },
    "condition_line": {
        "en": "{name} belongs to one line, and there is none here; write any(... for line in lines), or all, sum, len",
        "zh": "{name} 属于某一订单行，而此处没有行；请写成 any(... for line in lines)，或用 all、sum、len",
    },
    "condition_zero": {"en": "{text} divides by zero", "zh": "{text} 除以零"},
}
