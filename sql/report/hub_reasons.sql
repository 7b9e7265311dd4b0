-- Grain: reason for which a party is a hub. Reads: hubs.
SELECT reason, count(*) AS n
FROM hubs
GROUP BY reason
ORDER BY reason
