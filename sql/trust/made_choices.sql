-- Customers with an offer. Grain: one row. Reads: choices.
SELECT count(*) AS n FROM choices WHERE offer_id IS NOT NULL
