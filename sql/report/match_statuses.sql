-- Grain: arm x status of the match. Customers, and those flagged as probably the same person. Reads: matches.
SELECT arm, status, count(*) AS n, count(CASE WHEN flag = 'same_person_likely' THEN 1 END) AS same_person
FROM matches
GROUP BY arm, status
ORDER BY arm, status
