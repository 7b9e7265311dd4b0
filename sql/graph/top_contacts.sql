-- Grain: customer x definition (strongest, and the configured one: auto or tie_reach) x rank. Table `influencers` where
-- the graph is too large for one memory (METHODS section 3). Reads: allowed_ties (those that count), nodes, parties.
-- Params: definition (the configured one), gamma, top.
-- Scores that agree to 1e-9 of their size are ties, and the smallest contact id wins.
WITH entries AS (
    SELECT a AS ego, b AS contact, weight FROM allowed_ties
    UNION ALL
    SELECT b AS ego, a AS contact, weight FROM allowed_ties
),

totals AS (
    SELECT ego, sum(weight) AS weight FROM entries GROUP BY ego
),

shares AS (
    SELECT
        p.party_id AS customer_id,
        n.party_id AS contact_id,
        CASE WHEN t.weight > 0 THEN e.weight / t.weight ELSE 0.0 END AS tie_share,
        n.centrality_pct
    FROM entries AS e
    INNER JOIN totals AS t ON t.ego = e.ego
    INNER JOIN parties AS p ON p.node = e.ego AND p.is_customer AND NOT p.opted_out
    INNER JOIN nodes AS n ON n.node = e.contact
),

scored AS (
    SELECT customer_id, 'strongest' AS definition, contact_id, tie_share AS score, tie_share, centrality_pct FROM shares
    UNION ALL
    SELECT customer_id, 'auto' AS definition, contact_id, tie_share AS score, tie_share, centrality_pct
    FROM shares
    WHERE $definition = 'auto'
    UNION ALL
    SELECT
        customer_id, 'tie_reach' AS definition, contact_id,
        tie_share * pow(centrality_pct, CAST($gamma AS DOUBLE)) AS score, tie_share, centrality_pct
    FROM shares
    WHERE $definition = 'tie_reach'
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY customer_id, definition
            ORDER BY CASE WHEN score > 0 THEN round(ln(score) * 1e9) ELSE -1e300 END DESC, contact_id
        ) AS rank
    FROM scored
),

firsts AS (
    SELECT
        customer_id,
        definition,
        max(CASE WHEN rank = 1 THEN score END) AS first_score,
        max(CASE WHEN rank = 2 THEN score END) AS second_score
    FROM ranked
    WHERE rank <= 2
    GROUP BY customer_id, definition
)

SELECT
    r.customer_id,
    r.definition,
    r.rank,
    r.contact_id,
    r.score,
    r.tie_share,
    r.centrality_pct,
    CASE
        WHEN f.second_score IS NULL THEN 1.0
        WHEN f.first_score > 0 THEN greatest(f.first_score - f.second_score, 0.0) / f.first_score
        ELSE 0.0
    END AS margin
FROM ranked AS r
INNER JOIN firsts AS f ON f.customer_id = r.customer_id AND f.definition = r.definition
WHERE r.rank <= CAST($top AS BIGINT)
