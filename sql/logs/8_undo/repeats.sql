-- Takes the kept rows of imports out. Grain: delete. Writes: repeats. Params: $gone ids of the imports.
DELETE FROM repeats WHERE list_contains($gone, source_id)
