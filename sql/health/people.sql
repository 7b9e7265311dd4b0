-- How the tables about people match each other.
-- Grain: one row. Reads: customers, parties, photos, consents, optouts, treatments, acts.
SELECT
    (SELECT count(*) FROM customers) AS customers,
    (SELECT count(*) FROM customers WHERE age IS NULL AND birth_date IS NULL) AS ages_unknown,
    (SELECT count(*) FROM parties) AS parties,
    (SELECT count(*) FROM parties AS p WHERE p.party_id IN (SELECT c.customer_id FROM customers AS c)) AS customers_seen,
    (SELECT count(DISTINCT customer_id) FROM photos) AS with_photo,
    (
        SELECT count(DISTINCT f.customer_id) FROM photos AS f
        WHERE f.customer_id NOT IN (SELECT c.customer_id FROM customers AS c)
    ) AS photos_of_nobody,
    (SELECT count(DISTINCT customer_id) FROM consents) AS with_consent,
    (
        SELECT count(DISTINCT g.customer_id) FROM consents AS g
        WHERE g.customer_id NOT IN (SELECT c.customer_id FROM customers AS c)
    ) AS consents_of_nobody,
    (SELECT count(*) FROM optouts) AS opted_out,
    (SELECT count(DISTINCT customer_id) FROM treatments) AS treated,
    (
        SELECT count(DISTINCT t.customer_id) FROM treatments AS t
        WHERE t.customer_id NOT IN (SELECT c.customer_id FROM customers AS c)
    ) AS treated_unknown,
    (SELECT count(DISTINCT customer_id) FROM acts) AS acting,
    (
        SELECT count(DISTINCT a.customer_id) FROM acts AS a
        WHERE a.customer_id IN (SELECT p.party_id FROM parties AS p)
    ) AS acting_seen
