-- How many ids may rule out a row: empty, short codes, or parties written in more than one way.
-- Grain: one row. Reads: _log_ids. Params: $short_codes whether short codes are rejected.
SELECT
    (
        count(*) FILTER (party_id = '' OR ($short_codes AND is_short)) + count(*) - count(DISTINCT party_id)
    )::BIGINT AS doubtful
FROM _log_ids
