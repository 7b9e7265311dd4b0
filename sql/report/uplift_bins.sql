-- Grain: offer x hundredth of the predicted uplift (low edge, clipped to [-0.5, 0.5]). Customers. Reads: uplift.
SELECT
    offer_id,
    greatest(-50, least(49, CAST(floor(uplift * 100) AS INTEGER))) AS bin,
    count(*) AS n,
    avg(uplift) AS mean
FROM uplift
GROUP BY offer_id, greatest(-50, least(49, CAST(floor(uplift * 100) AS INTEGER)))
ORDER BY offer_id, bin
