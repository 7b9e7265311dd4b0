-- Grain: party that is no hub. Where PageRank begins. Temporary table `ranks`. Reads: rank_people.
SELECT node, CAST(1.0 AS DOUBLE) AS value, CAST(0.0 AS DOUBLE) AS before
FROM rank_people
