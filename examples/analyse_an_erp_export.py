"""From an ERP export to answers: one row per order, one column per stage, GB18030. Needs the extra `metrics`.

python examples/analyse_an_erp_export.py
"""

import tempfile
from pathlib import Path

import orderflow as of

STAGES = {"下单": "下单时间", "审核": "审核时间", "发货": "发货时间", "签收": "签收时间"}
EXPORT = """订单号,大区,承诺交期,下单时间,审核时间,发货时间,签收时间
SO-01,华东,2026-03-06,2026-03-02 09:00,2026-03-02 10:30,2026-03-04 16:00,2026-03-05 11:00
SO-02,华东,2026-03-06,2026-03-02 09:40,2026-03-02 11:00,2026-03-05 10:00,2026-03-06 15:00
SO-03,华北,2026-03-09,2026-03-03 14:00,2026-03-06 09:30,2026-03-10 17:00,2026-03-12 10:00
SO-04,华北,2026-03-09,2026-03-03 15:10,2026-03-06 10:00,2026-03-09 11:00,2026-03-11 09:00
SO-05,华东,2026-03-12,2026-03-09 08:50,2026-03-09 09:30,2026-03-10 16:00,2026-03-11 10:00
SO-06,华北,2026-03-13,2026-03-09 09:20,2026-03-12 16:40,2026-03-13 15:00,
"""
OFFICE = of.WorkCalendar.from_dict({"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}})


def main() -> None:
    """Read the export, ask where time goes, in working hours too, compare two regions, and hand the log on."""
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "erp.csv"
        export.write_text(EXPORT, encoding="gb18030")  # as ERP systems on Chinese machines write it
        log = of.read_log(export, stages=STAGES, promised="承诺交期", tz="Asia/Shanghai")
        for item in log.assumptions:
            print("假设:", item.text("zh"))

        report = of.report(log, delivered_stage="签收", calendar=OFFICE)
        print(f"\n{report.overview.orders} 个订单；周期中位数 {report.wall.lead_time.median}，其中工作时间")
        print(f"{report.lead_time.median}；准时 {report.on_time.on_time}/{report.on_time.n}" if report.on_time else "")

        print("\n各大区在各步骤的工作时间（中位数）")
        for row in of.metrics.stage_time(log, by="大区", calendar=OFFICE):
            print(f"  {row['大区']}  {row['stage']}  {row['median']}  ({row['n']})")

        print("\n转化 (conversion)")
        for row in of.metrics.conversion(log, stages=list(STAGES)):
            print(f"  {row['stage']}  {row['orders']}")

        regions = log.by("大区")
        found = of.compare(regions["华东"], regions["华北"], seed=1)
        lead = next(iter(found.times))
        few = "订单太少，给不出区间"  # an interval of fewer than six orders would claim what nobody knows
        span = few if lead["low"] is None else f"95% 区间 {lead['low']} 至 {lead['high']}"
        print(f"\n华北的周期中位数比华东长 {lead['difference']}（各 {lead['n_after']} 个订单，{span}）")

        of.write_log(log, Path(folder) / "log.xes.gz")  # for pm4py and others
        print("\nXES:", len(of.read_log(Path(folder) / "log.xes.gz")), "events")


if __name__ == "__main__":
    main()
