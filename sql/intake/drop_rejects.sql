-- Takes the rejected rows of some imports away. Grain: delete. Writes: rejects. Params: $gone ids of imports.
DELETE FROM rejects WHERE list_contains($gone, source_id)
