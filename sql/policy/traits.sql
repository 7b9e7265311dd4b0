-- What is known of a customer before whose face is drawn. Grain: customer.
-- Reads: customers, _ages_then, matches, influencers, handsets, treatments, choices.
-- Params: $definition (of the influential contact); $until, the moment from which on past campaigns do not count.
WITH offered AS (
    SELECT customer_id, count(*) AS offered_before, avg(CASE WHEN accepted THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END) AS accepted_before
    FROM treatments
    WHERE offer_id IS NOT NULL AND accepted IS NOT NULL AND sent_at < $until
    GROUP BY customer_id
),

newest AS (SELECT customer_id, max(spell) AS spell FROM handsets GROUP BY customer_id)

SELECT
    c.customer_id,
    near.subject_id,
    i."rank",
    i.tie_share,
    i.centrality_pct AS contact_centrality,
    own.similarity AS own_similarity,
    CASE WHEN own.status = 'matched' THEN coalesce(own.flag = 'same_person_likely', false) END AS own_same_person,
    near.similarity AS contact_similarity,
    CASE WHEN near.status = 'matched' THEN coalesce(near.flag = 'same_person_likely', false) END AS contact_same_person,
    g.age,
    h.manufacturer,
    coalesce(o.offered_before, 0) AS offered_before,
    o.accepted_before,
    ch.offer_id
FROM customers AS c
LEFT JOIN _ages_then AS g ON g.customer_id = c.customer_id
LEFT JOIN matches AS own ON own.customer_id = c.customer_id AND own.arm = 'own_face'
LEFT JOIN matches AS near ON near.customer_id = c.customer_id AND near.arm = 'influencer_face'
LEFT JOIN influencers AS i
    ON i.customer_id = c.customer_id AND i.definition = $definition AND i."rank" = coalesce(near."rank", 1)
LEFT JOIN newest AS n ON n.customer_id = c.customer_id
LEFT JOIN handsets AS h ON h.customer_id = n.customer_id AND h.spell = n.spell
LEFT JOIN offered AS o ON o.customer_id = c.customer_id
LEFT JOIN choices AS ch ON ch.customer_id = c.customer_id
ORDER BY c.customer_id
