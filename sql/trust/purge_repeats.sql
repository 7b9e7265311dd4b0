-- Kept call records that are too old. Grain: delete. Writes: repeats. Params: $before, the first moment kept.
DELETE FROM repeats WHERE started_at < $before
