-- Each past campaign: customers, how many got no offer (the control), of how many it is not known whether they accepted.
-- Grain: campaign. Reads: treatments.
SELECT
    campaign_id,
    count(*)::BIGINT AS customers,
    count(CASE WHEN offer_id IS NULL THEN 1 END)::BIGINT AS controls,
    count(CASE WHEN accepted IS NULL THEN 1 END)::BIGINT AS unknown,
    count(CASE WHEN accepted THEN 1 END)::BIGINT AS accepted
FROM treatments
GROUP BY campaign_id
ORDER BY campaign_id
