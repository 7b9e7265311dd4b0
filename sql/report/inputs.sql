-- Grain: file imported. Its hash, without its name (which may say more than the report should). Reads: sources.
SELECT target, rows_in, substr(sha256, 1, 16) AS sha256
FROM sources
ORDER BY target, sha256, source_id
