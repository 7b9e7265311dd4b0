-- Grain: customer. What tables say of each one beside the own columns of table customers: what lists show, and what
-- segments are cut by. Reads: parties, nodes, handsets, influencers, choices, face_choices, _ages. Params: definition.
WITH last_spell AS (
    SELECT customer_id, max(spell) AS spell FROM handsets GROUP BY customer_id
),

owned AS (
    SELECT h.customer_id, h.manufacturer
    FROM handsets AS h
    INNER JOIN last_spell AS l ON l.customer_id = h.customer_id AND l.spell = h.spell
),

first_contact AS (
    SELECT customer_id, contact_id, tie_share FROM influencers WHERE definition = $definition AND rank = 1
)

SELECT
    p.party_id AS customer_id,
    coalesce(a.age_band, 'not known') AS age_band,
    o.manufacturer,
    n.community,
    i.contact_id,
    i.tie_share,
    c.offer_id,
    c.expected_value,
    f.arm
FROM parties AS p
LEFT JOIN nodes AS n ON n.node = p.node
LEFT JOIN owned AS o ON o.customer_id = p.party_id
LEFT JOIN first_contact AS i ON i.customer_id = p.party_id
LEFT JOIN choices AS c ON c.customer_id = p.party_id
LEFT JOIN face_choices AS f ON f.customer_id = p.party_id
LEFT JOIN _ages AS a ON a.customer_id = p.party_id
WHERE p.is_customer
