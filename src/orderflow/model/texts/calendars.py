"""Texts about calendars and business time."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # --- the spec as a whole ---
    "calendar.form": {
        "en": "A calendar is a mapping with timezone, hours, holidays ..., not {value!r}.",
        "zh": "日历应为包含 timezone、hours、holidays 等键的映射，而不是 {value!r}。",
    },
    "calendar.unknown_key": {
        "en": "A calendar has no key {key!r} here.",
        "zh": "日历的此处没有 {key!r} 这个键。",
    },
    "calendar.missing_key": {
        "en": "The key {key!r} is missing here.",
        "zh": "此处缺少键 {key!r}。",
    },
    "calendar.combination": {
        "en": "{key!r} takes a list of at least two calendars and stands alone: no other key beside it.",
        "zh": "{key!r} 的值应为至少两个日历的列表，且不能与其他键并列。",
    },
    "calendar.never_opens": {
        "en": "This calendar never opens. Give it hours, or exceptions that open it; 'hours: always' is day and night.",
        "zh": "此日历永远不会营业。请填写 hours，或用 exceptions 写明营业的日子；“hours: always”表示全天候。",
    },
    "calendar.unknown_timezone": {
        "en": "There is no time zone {timezone!r}. Use a name of the IANA database, such as Asia/Shanghai.",
        "zh": "没有名为 {timezone!r} 的时区。请使用 IANA 时区名，例如 Asia/Shanghai。",
    },
    # --- days and hours ---
    "calendar.hours_form": {
        "en": "'hours' maps days to intervals, such as mon-fri: [\"09:00-18:00\"], or is 'always'; not {value!r}.",
        "zh": 'hours 应把星期映射到时段列表，例如 mon-fri: ["09:00-18:00"]，或写 always；而不是 {value!r}。',
    },
    "calendar.spans_form": {
        "en": 'Hours of a day are a list such as ["09:00-12:00", "13:30-18:00"], or [] for closed; not {value!r}.',
        "zh": '一天的时段应为列表，例如 ["09:00-12:00", "13:30-18:00"]，休息则写 []；而不是 {value!r}。',
    },
    "calendar.bad_day": {
        "en": "{day!r} does not name days of the week. Write mon, mon-fri, sat,sun or mon-wed,fri.",
        "zh": "{day!r} 不是有效的星期。请写 mon、mon-fri、sat,sun 或 mon-wed,fri。",
    },
    "calendar.day_twice": {
        "en": "{day!r} has hours already. Write all its intervals in one list.",
        "zh": "{day!r} 已经有时段。请把这一天的所有时段写在同一个列表里。",
    },
    "calendar.bad_interval": {
        "en": '{text!r} is not an interval. Write it like "09:00-18:00".',
        "zh": '{text!r} 不是有效的时段。请写成 "09:00-18:00" 的形式。',
    },
    "calendar.bad_time": {
        "en": "{text!r} has an impossible time. A day goes from 00:00 to 24:00; 24:00 can only be an end.",
        "zh": "{text!r} 中有不可能的时间。一天从 00:00 到 24:00，24:00 只能作为结束。",
    },
    "calendar.empty_interval": {
        "en": '{text!r} begins where it ends. The whole day is "00:00-24:00".',
        "zh": '{text!r} 的开始与结束相同。整天请写 "00:00-24:00"。',
    },
    "calendar.backwards": {
        "en": "{text!r} ends before it begins, and as a night it would last longer than {hours} hours. "
        "Swap the two times, or split it between the two days.",
        "zh": "{text!r} 的结束早于开始，若视为跨夜则超过 {hours} 小时。请对调两个时间，或拆到两天里写。",
    },
    "calendar.overlap": {
        "en": "{first!r} and {second!r} overlap.",
        "zh": "{first!r} 与 {second!r} 重叠。",
    },
    "calendar.overlap_next": {
        "en": "{first!r} of {day!r} reaches into {second!r} of {next!r}.",
        "zh": "{day!r} 的 {first!r} 与次日 {next!r} 的 {second!r} 重叠。",
    },
    # --- dates ---
    "calendar.dated_form": {
        "en": 'This maps dates to lists of intervals, such as 2026-02-14: ["09:00-18:00"]; not {value!r}.',
        "zh": '此处应把日期映射到时段列表，例如 2026-02-14: ["09:00-18:00"]；而不是 {value!r}。',
    },
    "calendar.bad_date": {
        "en": "{value!r} is not a date. Write it like 2026-02-14.",
        "zh": "{value!r} 不是有效日期。请写成 2026-02-14 的形式。",
    },
    "calendar.date_twice": {
        "en": "{date} stands here twice. Write all its intervals in one list.",
        "zh": "{date} 出现了两次。请把这一天的所有时段写在同一个列表里。",
    },
    "calendar.holidays_form": {
        "en": "Holidays are a list of dates, a country code or {{country, subdivision, dates, makeup}}; not {value!r}.",
        "zh": "holidays 应为日期列表、国家代码，或 {{country, subdivision, dates, makeup}}；而不是 {value!r}。",
    },
    "calendar.norway": {
        "en": "YAML reads the bare word NO as false. For Norway write it in quotes; for no holidays leave the key out.",
        "zh": "YAML 会把不带引号的 NO 读成 false。指挪威请加引号；没有节假日则不要写这个键。",
    },
    "calendar.unknown_country": {
        "en": "There are no holidays of {name!r}. Use an ISO 3166-1 code, such as CN.",
        "zh": "没有 {name!r} 的节假日。请使用 ISO 3166-1 国家代码，例如 CN。",
    },
    "calendar.unknown_subdivision": {
        "en": "{country} has no subdivision {name!r} with holidays of its own.",
        "zh": "{country} 没有 {name!r} 这一自有节假日的地区。",
    },
    # --- recurring exceptions ---
    "calendar.recurring_form": {
        "en": "Recurring exceptions are a list of {{rule, start, hours}}; not {value!r}.",
        "zh": "recurring 应为 {{rule, start, hours}} 的列表；而不是 {value!r}。",
    },
    "calendar.unknown_rule_part": {
        "en": "A rule about days has no part {part!r}.",
        "zh": "按日的重复规则没有 {part!r} 这一部分。",
    },
    "calendar.rule_frequency": {
        "en": "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY, not {frequency!r}.",
        "zh": "FREQ 应为 DAILY、WEEKLY、MONTHLY 或 YEARLY，而不是 {frequency!r}。",
    },
    "calendar.bad_rule": {
        "en": "{rule!r} is not a rule that can be followed. Write it like FREQ=MONTHLY;BYDAY=-1FR (RFC 5545); "
        "INTERVAL is at least 1, COUNT and UNTIL exclude each other, UNTIL is a date.",
        "zh": "{rule!r} 不是可执行的重复规则。请写成 FREQ=MONTHLY;BYDAY=-1FR 的形式（RFC 5545）；"
        "INTERVAL 至少为 1，COUNT 与 UNTIL 只能有一个，UNTIL 应为日期。",
    },
    "calendar.rule_never": {
        "en": "{rule!r} does not happen on any day from {start} on.",
        "zh": "{rule!r} 从 {start} 起没有任何一天符合。",
    },
    # --- use ---
    "calendar.horizon": {
        "en": "Holidays of {country} are known until {known_until}; later ones are computed or estimated, and make-up "
        "working days are missing. A newer release of the `holidays` library may know more.",
        "zh": "{country} 的节假日仅已知至 {known_until}；之后的为推算，且没有调休安排。"
        "更新 `holidays` 库可能获得更多年份。",
    },
    "calendar.no_opening": {
        "en": "This calendar has no open time to find between {first} and {last}.",
        "zh": "此日历在 {first} 至 {last} 之间找不到营业时间。",
    },
    "calendar.too_far": {
        "en": "{at} is outside of what this calendar answers for: {first} to {last}.",
        "zh": "{at} 超出此日历可回答的范围：{first} 至 {last}。",
    },
    "calendar.naive": {
        "en": "{value} is not an instant: a datetime with a time zone is needed.",
        "zh": "{value} 不是确定的时刻：需要带时区的 datetime。",
    },
    "calendar.not_a_date": {
        "en": "{value} is not a day: a date is needed, not a datetime.",
        "zh": "{value} 不是日期：需要 date，而不是 datetime。",
    },
    "calendar.not_a_duration": {
        "en": "{value} is not a duration: a timedelta is needed.",
        "zh": "{value} 不是时长：需要 timedelta。",
    },
}
