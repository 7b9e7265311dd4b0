-- Daily sums that are too old. Grain: delete. Writes: pair_days. Params: $before, the first day kept.
DELETE FROM pair_days WHERE "day" < $before
