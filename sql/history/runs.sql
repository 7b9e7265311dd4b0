-- Runs whose decisions are kept. Grain: run; the oldest first. Reads: history.
SELECT "number", finished_at, definition, imports, stages FROM history ORDER BY "number"
