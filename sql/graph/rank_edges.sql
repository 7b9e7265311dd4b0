-- Grain: directed pair along which rank flows: neither end is a hub. share: of the strength of all that leaves src.
-- Temporary table `rank_edges`. Reads: edges, hubs.
WITH between_people AS (
    SELECT src, dst, strength
    FROM edges
    WHERE strength > 0 AND src NOT IN (SELECT node FROM hubs) AND dst NOT IN (SELECT node FROM hubs)
),

leaving AS (
    SELECT src, sum(strength) AS strength FROM between_people GROUP BY src
)

SELECT p.src, p.dst, p.strength / l.strength AS share
FROM between_people AS p
INNER JOIN leaving AS l ON l.src = p.src
