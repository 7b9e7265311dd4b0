-- How many files of a name were imported as something.
-- Grain: one row. Reads: sources. Params: $target, $path the name with ids masked.
SELECT count(*)::BIGINT AS n FROM sources WHERE target = $target AND path = $path
