-- Events that stand twice word for word (same kind, parties, start and duration): all but the first, with the first.
-- Texts and data sessions with ids of their own are so many events as there are ids: those that are stored already (their
-- ids are not) stand for the first ones.
-- Grain: event to drop. Reads: _log_suspects. Params: $parts, $part which part of the pairs.
WITH twice AS (
    SELECT kind, caller, callee, started_at, duration_s
    FROM _log_suspects
    WHERE a % $parts = $part
    GROUP BY kind, caller, callee, started_at, duration_s
    HAVING count(*) > 1
),

events_here AS (
    SELECT
        s.is_old, s.rid, s.a, s.kind, s.caller, s.callee, s.started_at, s.duration_s,
        CASE WHEN s.kind <> 'call' AND NOT s.is_old THEN coalesce(s.call_id, '') ELSE '' END AS own
    FROM _log_suspects AS s
    INNER JOIN twice AS t
        ON
            s.kind = t.kind
            AND s.caller = t.caller
            AND s.callee IS NOT DISTINCT FROM t.callee
            AND s.started_at = t.started_at
            AND s.duration_s = t.duration_s
    WHERE s.a % $parts = $part
),

singles AS (
    SELECT kind, caller, callee, started_at, duration_s, own, min(rid) AS first_rid
    FROM events_here
    WHERE NOT is_old
    GROUP BY kind, caller, callee, started_at, duration_s, own
),

old AS (
    SELECT kind, caller, callee, started_at, duration_s, count(*) AS n, min(rid) AS first_rid
    FROM events_here
    WHERE is_old
    GROUP BY kind, caller, callee, started_at, duration_s
),

kept AS (
    SELECT
        s.kind, s.caller, s.callee, s.started_at, s.duration_s, s.own,
        coalesce(
            row_number() OVER (
                PARTITION BY s.kind, s.caller, s.callee, s.started_at, s.duration_s ORDER BY s.first_rid
            ) <= o.n,
            false
        ) AS kept_old,
        CASE
            WHEN row_number() OVER (
                PARTITION BY s.kind, s.caller, s.callee, s.started_at, s.duration_s ORDER BY s.first_rid
            ) <= o.n THEN o.first_rid
            ELSE s.first_rid
        END AS kept_rid
    FROM singles AS s
    LEFT JOIN old AS o
        ON
            s.kind = o.kind
            AND s.caller = o.caller
            AND s.callee IS NOT DISTINCT FROM o.callee
            AND s.started_at = o.started_at
            AND s.duration_s = o.duration_s
)

SELECT e.is_old, e.rid, k.kept_old, k.kept_rid, false AS swapped, e.a
FROM events_here AS e
INNER JOIN kept AS k
    ON
        e.kind = k.kind
        AND e.caller = k.caller
        AND e.callee IS NOT DISTINCT FROM k.callee
        AND e.started_at = k.started_at
        AND e.duration_s = k.duration_s
        AND e.own = k.own
WHERE NOT e.is_old AND (k.kept_old OR e.rid <> k.kept_rid)
