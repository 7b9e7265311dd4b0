-- Grain: one row. Communities of two and more, and the customers who are in none. Reads: nodes, parties.
WITH sizes AS (
    SELECT community, count(*) AS parties
    FROM nodes
    WHERE community IS NOT NULL
    GROUP BY community
)

SELECT
    (SELECT count(*) FROM sizes WHERE parties > 1) AS communities,
    (SELECT max(parties) FROM sizes) AS largest
