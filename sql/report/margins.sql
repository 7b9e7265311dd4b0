-- Grain: twentieth of [0, 1] of the margin at rank 1 by `definition`; bin null = customers with no contact to choose.
-- Reads: parties, influencers. Params: definition.
SELECT least(CAST(floor(i.margin * 20) AS INTEGER), 19) AS bin, count(*) AS n
FROM parties AS p
LEFT JOIN influencers AS i ON i.customer_id = p.party_id AND i.definition = $definition AND i.rank = 1
WHERE p.is_customer
GROUP BY 1
ORDER BY bin NULLS FIRST
