-- The last numbered delivery. Grain: one row. Reads: sendings.
SELECT max(number) AS number, max(day) AS day FROM sendings
