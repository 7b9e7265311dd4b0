-- The parties of the imports to take back.
-- Grain: node. Reads: events, repeats. Params: $gone ids of the imports.
SELECT e.caller AS node FROM events AS e WHERE list_contains($gone, e.source_id)
UNION
SELECT e.callee AS node FROM events AS e WHERE list_contains($gone, e.source_id) AND e.callee IS NOT NULL
UNION
SELECT r.caller AS node FROM repeats AS r WHERE list_contains($gone, r.source_id)
UNION
SELECT r.callee AS node FROM repeats AS r WHERE list_contains($gone, r.source_id) AND r.callee IS NOT NULL
