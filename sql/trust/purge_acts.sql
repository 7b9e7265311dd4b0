-- Acts that are too old. Grain: delete. Writes: acts. Params: $before, the first moment kept.
DELETE FROM acts WHERE "at" < $before
