-- Grain: file imported. Its hash, without its name and length (which may say more than the report should).
-- Reads: sources.
SELECT target, substr(sha256, 1, 16) AS sha256
FROM sources
WHERE target <> 'undo'
ORDER BY target, sha256, source_id
