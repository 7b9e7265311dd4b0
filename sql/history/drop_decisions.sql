-- Forget what was decided only in runs before one; all of it where no run is kept. Grain: delete. Reads: history.
-- Writes: decisions. Params: $oldest, the first that is kept.
DELETE FROM decisions WHERE last_run < $oldest OR NOT EXISTS (SELECT 1 FROM history)
