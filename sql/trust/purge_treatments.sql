-- Past treatments that are too old. Grain: delete. Writes: treatments. Params: $before, the first moment kept.
DELETE FROM treatments WHERE sent_at < $before
