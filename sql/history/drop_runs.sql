-- Forget runs before one. Grain: delete. Writes: history. Params: $oldest, the first that is kept.
DELETE FROM history WHERE "number" < $oldest
