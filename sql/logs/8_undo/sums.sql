-- What the events of the imports to take back, and those of the pairs they meet others in, add to each directed pair and
-- day; people who opted out have no pair-days.
-- Grain: directed pair and day. Reads: events, repeats, parties, _undo_pairs. Params: $gone ids of the imports.
SELECT
    e.caller AS src,
    e.callee AS dst,
    local_day(e.started_at) AS day,
    sum(coalesce(s.n_calls, (e.kind = 'call')::BIGINT))::BIGINT AS n_calls,
    sum(e.duration_s)::BIGINT AS talk_s,
    sum(coalesce(s.n_texts, (e.kind = 'text')::BIGINT))::BIGINT AS n_texts
FROM events AS e
LEFT JOIN (
    SELECT
        r.source_id, r.kind, r.caller, r.callee, r.started_at, r.duration_s, arg_min(r.n_calls, r.row_number) AS n_calls,
        arg_min(r.n_texts, r.row_number) AS n_texts
    FROM repeats AS r
    WHERE r.n_calls IS NOT NULL
    GROUP BY r.source_id, r.kind, r.caller, r.callee, r.started_at, r.duration_s
) AS s
    ON
        e.source_id = s.source_id AND e.kind = s.kind AND e.caller = s.caller AND e.callee = s.callee
        AND e.started_at = s.started_at AND e.duration_s = s.duration_s
WHERE
    e.callee IS NOT NULL
    AND (
        list_contains($gone, e.source_id)
        OR EXISTS (
            SELECT 1 FROM _undo_pairs AS p WHERE p.a = least(e.caller, e.callee) AND p.b = greatest(e.caller, e.callee)
        )
    )
    AND e.caller NOT IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
    AND e.callee NOT IN (SELECT p.node FROM parties AS p WHERE p.opted_out)
GROUP BY e.caller, e.callee, local_day(e.started_at)
