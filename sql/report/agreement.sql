-- Grain: pair of definitions. Customers who have a contact by both, and for how many it is the same one.
-- Reads: influencers.
SELECT
    a.definition AS one,
    b.definition AS other,
    count(*) AS customers,
    count(CASE WHEN a.contact_id = b.contact_id THEN 1 END) AS same
FROM influencers AS a
INNER JOIN influencers AS b ON b.customer_id = a.customer_id AND b.rank = 1 AND a.definition < b.definition
WHERE a.rank = 1
GROUP BY a.definition, b.definition
ORDER BY one, other
