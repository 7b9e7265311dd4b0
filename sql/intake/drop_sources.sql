-- Takes imports out of the list of what came in. Grain: delete. Writes: sources. Params: $gone ids of imports.
DELETE FROM sources WHERE list_contains($gone, source_id)
