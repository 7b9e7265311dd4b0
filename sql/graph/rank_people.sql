-- Grain: party with contact in the window that is no hub. Temporary table `rank_people`. Reads: edges, hubs.
SELECT DISTINCT p.node
FROM (SELECT src AS node FROM edges UNION ALL SELECT dst AS node FROM edges) AS p
WHERE p.node NOT IN (SELECT node FROM hubs)
