-- How many of a file's ids read as phone numbers or short codes, and how many ids there are.
-- Grain: one row. Reads: _log_ids.
SELECT
    count(*)::BIGINT AS ids,
    count(*) FILTER (is_phone)::BIGINT AS phones,
    count(*) FILTER (is_short)::BIGINT AS short_codes
FROM _log_ids
