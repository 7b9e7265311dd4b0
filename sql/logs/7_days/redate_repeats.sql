-- The one time of rows that came as sums of a day: when that day begins by the workspace's clock.
-- Grain: update. Writes: repeats. Params: $source_id; $at the moment.
UPDATE repeats SET started_at = $at WHERE source_id = $source_id
