-- Takes the rows of some imports out of what files said. Grain: delete. Writes: readings. Params: $gone ids of imports.
DELETE FROM readings WHERE list_contains($gone, source_id)
