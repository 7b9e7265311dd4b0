-- Grain: past campaign x offer ('' = control). Customers whose answer is known, acceptances. Reads: treatments.
SELECT
    campaign_id,
    coalesce(offer_id, '') AS offer_id,
    count(accepted) AS known,
    count(CASE WHEN accepted THEN 1 END) AS accepted
FROM treatments
GROUP BY campaign_id, coalesce(offer_id, '')
ORDER BY campaign_id, offer_id
