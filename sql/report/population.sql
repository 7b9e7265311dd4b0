-- Grain: one row. Parties, customers, opt-outs; customers with a contact by `definition` at rank 1, and how many
-- different contacts these are. Reads: parties, influencers. Params: definition.
SELECT
    (SELECT count(*) FROM parties) AS parties,
    (SELECT count(*) FROM parties WHERE is_customer) AS customers,
    (SELECT count(*) FROM parties WHERE opted_out) AS opted_out,
    (SELECT count(*) FROM influencers WHERE definition = $definition AND rank = 1) AS chosen,
    (SELECT count(DISTINCT contact_id) FROM influencers WHERE definition = $definition AND rank = 1) AS contacts
