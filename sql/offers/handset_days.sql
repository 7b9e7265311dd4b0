-- Grain: customer x TAC x day with traffic. Reads: events, parties.
-- What handset spells are made from. The caller is seen with caller_tac, the callee with callee_tac; those who opted out are not looked at.
SELECT p.party_id AS customer_id, s.tac, s.day, count(*) AS n_events
FROM (
    SELECT caller AS node, caller_tac AS tac, local_day(started_at) AS day FROM events WHERE caller_tac IS NOT NULL
    UNION ALL
    SELECT callee AS node, callee_tac AS tac, local_day(started_at) AS day
    FROM events
    WHERE callee_tac IS NOT NULL AND callee IS NOT NULL
) AS s
INNER JOIN parties AS p ON p.node = s.node
WHERE p.is_customer AND NOT p.opted_out
GROUP BY p.party_id, s.tac, s.day
