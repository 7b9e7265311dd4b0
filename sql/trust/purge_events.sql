-- Call records that are too old. Grain: delete. Writes: events. Params: $before, the first moment kept.
DELETE FROM events WHERE started_at < $before
