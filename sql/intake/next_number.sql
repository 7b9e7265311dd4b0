-- The number of the next import or deletion. Grain: one row. Reads: sources.
SELECT coalesce(max(number), 0)::BIGINT + 1 AS number FROM sources
