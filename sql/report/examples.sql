-- Grain: customer chosen as an example; `limit` of them, spread evenly over the ranking by number of contacts among
-- customers with at least 4 contacts and a first rank by `definition`. Reads: nodes, parties, influencers.
-- Params: definition, limit.
WITH ranked AS (
    SELECT
        n.node,
        n.party_id,
        n.degree,
        i.contact_id,
        row_number() OVER (ORDER BY n.degree DESC, n.party_id) - 1 AS place,
        count(*) OVER () AS customers
    FROM nodes AS n
    INNER JOIN parties AS p ON p.node = n.node AND p.is_customer
    INNER JOIN influencers AS i ON i.customer_id = n.party_id AND i.definition = $definition AND i.rank = 1
    WHERE n.degree >= 4 AND NOT n.is_hub
),

slots AS (
    SELECT *, CAST(floor(place * CAST($limit AS DOUBLE) / customers) AS BIGINT) AS slot
    FROM ranked
),

first_of_slot AS (
    SELECT *, row_number() OVER (PARTITION BY slot ORDER BY place) AS in_slot
    FROM slots
)

SELECT node, party_id, degree, contact_id
FROM first_of_slot
WHERE in_slot = 1
ORDER BY place
