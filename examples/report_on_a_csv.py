"""A report on a CSV file with Chinese columns, which are guessed. Needs the extra `metrics`.

python examples/report_on_a_csv.py
"""

import tempfile
from pathlib import Path

import orderflow as of

EVENTS = """订单号,状态,时间,操作人
SO-1,下单,2026-03-02 09:00,李芳
SO-1,审核,2026-03-02 10:30,赵敏
SO-1,发货,2026-03-04 16:00,王强
SO-2,下单,2026-03-03 11:00,李芳
SO-2,审核,2026-03-03 14:00,赵敏
SO-2,下单,2026-03-04 09:00,李芳
SO-2,审核,2026-03-04 09:30,赵敏
SO-2,发货,2026-03-09 10:00,王强
SO-3,下单,2026-03-05 17:00,
SO-3,审核,2026-03-06 09:10,赵敏
"""

ORDERS = """订单号,区域,承诺日期
SO-1,华东,2026-03-05
SO-2,华南,2026-03-06
SO-3,华东,2026-03-10
"""


def main() -> None:
    """Write two files, read them, print the figures; then the whole report as it is written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        events, orders, target = (Path(folder) / name for name in ("events.csv", "orders.csv", "report.txt"))
        events.write_text(EVENTS, encoding="gb18030")  # as spreadsheets on Chinese machines write it
        orders.write_text(ORDERS, encoding="utf-8")

        log = of.read_log(events, cases=orders, promised="承诺日期", tz="Asia/Shanghai")
        report = of.report(log, delivered_stage="发货")
        slowest = next(iter(report.bottlenecks.by_total))
        print(f"{report.overview.orders} 个订单，周期中位数 {report.lead_time.median}")
        if report.on_time:
            print(f"准时 {report.on_time.on_time} / {report.on_time.n}")
        print(f"最耗时：{slowest['source']} → {slowest['dest']}，共 {slowest['total']}")
        print(f"华东：{report_on(log.where(区域='华东'))}\n")

        of.write_report(report, target)
        print(target.read_text(encoding="utf-8"))


def report_on(log: of.EventLog) -> str:
    """One line about a log."""
    figures = of.report(log)
    return f"{figures.overview.orders} 个订单，返工 {figures.rework.orders} 个"


if __name__ == "__main__":
    main()
