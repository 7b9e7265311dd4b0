-- Grain: reason for which a customer gets no offer. Reads: choices.
SELECT reason, count(*) AS n
FROM choices
WHERE offer_id IS NULL
GROUP BY reason
ORDER BY n DESC, reason
