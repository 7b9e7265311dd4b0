-- Grain: party that is no hub. One step of PageRank in the linear form x = 1 + d P'x, whose solution scaled to sum 1 is
-- PageRank with the mass of parties without edges spread evenly (Del Corso, Gulli & Romani 2005). Temporary table
-- `ranks`, from its state before. Reads: rank_people, rank_edges, ranks. Params: damping.
WITH flows AS (
    SELECT e.dst, sum(r.value * e.share) AS value
    FROM rank_edges AS e
    INNER JOIN ranks AS r ON r.node = e.src
    GROUP BY e.dst
)

SELECT r.node, 1.0 + CAST($damping AS DOUBLE) * coalesce(f.value, 0.0) AS value, r.value AS before
FROM ranks AS r
LEFT JOIN flows AS f ON f.dst = r.node
