-- Grain: kind of reason for which a customer gets no offer. Reads: choices.
SELECT kind, count(*) AS n
FROM choices
WHERE offer_id IS NULL
GROUP BY kind
ORDER BY n DESC, kind
