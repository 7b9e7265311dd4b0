-- Grain: number of customers whose first rank by `definition` one contact is; how many such contacts.
-- Reads: influencers. Params: definition.
WITH chosen AS (
    SELECT contact_id, count(*) AS customers
    FROM influencers
    WHERE definition = $definition AND rank = 1
    GROUP BY contact_id
)

SELECT customers, count(*) AS contacts
FROM chosen
GROUP BY customers
ORDER BY customers
