-- What each person may be asked, shown and lent for at a moment. Whoever opted out is not in it, and who is not in it may
-- nothing but what the settings say of people of whom nothing is known.
-- Grain: person who has a line in customers, photos or consents. Reads: _ages, _consented, customers, photos, consents,
-- optouts. Params: $adult (years); $unknown_is_adult; $need_consent, whether offers need one;
-- $only_customers, whether offers are for those of the customers table alone.
WITH known AS (
    SELECT customer_id FROM customers
    UNION
    SELECT customer_id FROM photos
    UNION
    SELECT customer_id FROM consents
),

aged AS (
    SELECT k.customer_id, a.age, coalesce(a.age >= $adult, $unknown_is_adult) AS adult
    FROM known AS k
    LEFT JOIN _ages AS a ON a.customer_id = k.customer_id
    WHERE k.customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
),

agreed AS (
    SELECT
        customer_id,
        bool_or(purpose = 'offers') AS offers,
        bool_or(purpose = 'own_face') AS own_face,
        bool_or(purpose = 'likeness_for_contacts') AS likeness,
        bool_or(purpose = 'traffic_data_marketing') AS traffic
    FROM _consented
    GROUP BY customer_id
)

SELECT
    a.customer_id,
    a.age,
    a.adult,
    a.adult
    AND (NOT $need_consent OR coalesce(g.offers, false))
    AND (NOT $only_customers OR a.customer_id IN (SELECT c.customer_id FROM customers AS c)) AS offers,
    a.adult AND coalesce(g.own_face, false) AS own_face,
    a.adult AND coalesce(g.likeness, false) AS likeness,
    coalesce(g.traffic, false) AS traffic
FROM aged AS a
LEFT JOIN agreed AS g ON g.customer_id = a.customer_id
