-- Imports as one table, and purges, in the order in which they came.
-- Grain: import or purge. Reads: sources. Params: $target.
SELECT source_id, target, how
FROM sources
WHERE number IS NOT NULL AND how IS NOT NULL AND target IN ($target, 'erasure')
ORDER BY number
