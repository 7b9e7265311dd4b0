-- Grain: day. Calls, texts and data sessions, and calls and texts between two customers. Reads: events, parties.
SELECT
    local_day(e.started_at) AS day,
    count(CASE WHEN e.kind = 'call' THEN 1 END) AS calls,
    count(CASE WHEN e.kind = 'text' THEN 1 END) AS texts,
    count(CASE WHEN e.kind = 'data' THEN 1 END) AS sessions,
    count(CASE WHEN e.kind <> 'data' AND a.is_customer AND b.is_customer THEN 1 END) AS on_net
FROM events AS e
LEFT JOIN parties AS a ON a.node = e.caller
LEFT JOIN parties AS b ON b.node = e.callee
GROUP BY local_day(e.started_at)
ORDER BY day
