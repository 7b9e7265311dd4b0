-- Grain: hub. Reads: hubs.
SELECT node
FROM hubs
ORDER BY node
