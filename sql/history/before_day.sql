-- The first run that finished on or after a moment, for whose sake no earlier one is kept. Grain: one row. Reads: history.
-- Params: $before.
SELECT coalesce(min("number") FILTER (WHERE finished_at >= $before), max("number")) AS oldest FROM history
