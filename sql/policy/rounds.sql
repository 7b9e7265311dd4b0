-- Rounds of which customers are known as they were. Grain: round. Reads: rounds.
SELECT "round", count(*) AS customers, min("at") AS began, max("at") AS ended
FROM rounds
GROUP BY "round"
ORDER BY "round"
