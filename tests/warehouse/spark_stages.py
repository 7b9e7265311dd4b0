"""What Spark did: exchanges in a plan, rows and bytes per task of the stages that ran, from its own status store."""

from __future__ import annotations

from typing import Any


def hash_exchanges(rows: Any) -> int:
    """Exchanges by a hash in the final plan of rows (broadcasts and single partitions are not counted)."""
    rows.write.format("noop").mode("overwrite").save()
    return rows._jdf.queryExecution().executedPlan().toString().count("Exchange hashpartitioning")


def last_stages(spark: Any) -> dict[int, list[int]]:
    """Per finished stage that read shuffled rows, the rows each of its tasks read."""
    store = spark.sparkContext._jsc.sc().statusStore()
    found = {}
    stages = _stages(spark)
    for i in range(stages.size()):
        stage = stages.apply(i)
        if stage.shuffleReadRecords():
            tasks = store.taskList(stage.stageId(), stage.attemptId(), 100_000)
            found[stage.stageId()] = [
                tasks.apply(t).taskMetrics().get().shuffleReadMetrics().recordsRead() for t in range(tasks.size())
            ]
    return found


def shuffled(spark: Any) -> tuple[int, int]:
    """(rows, bytes) written to shuffles by every stage so far."""
    stages = _stages(spark)
    all_ = [stages.apply(i) for i in range(stages.size())]
    return sum(s.shuffleWriteRecords() for s in all_), sum(s.shuffleWriteBytes() for s in all_)


def _stages(spark: Any) -> Any:
    context = spark.sparkContext
    empty = context._jvm.java.util.ArrayList()
    quantiles = context._gateway.new_array(context._jvm.double, 0)
    return context._jsc.sc().statusStore().stageList(empty, False, False, quantiles, empty)
