-- Purges in order. Grain: purge. Reads: sources.
SELECT number, how FROM sources WHERE target = 'erasure' AND format = 'purge' AND how IS NOT NULL ORDER BY number
