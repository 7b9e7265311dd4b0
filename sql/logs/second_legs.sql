-- Second legs of calls: the same two parties whichever way round, talk on both, durations and starts that differ by
-- no more than allowed; or one shared call id and starts near enough for one call. The earlier leg stays (after bandicoot's
-- rule, METHODS section 1). A leg of a leg is one too, so that the order in which the rows come does not matter.
-- Nobody talks with the same person twice at once: a call that starts when the one before it has ended is a call of its own
-- (somebody dialled again), or the next piece of a long one. So legs overlap: the later starts before the earlier ends.
-- Two stored events are two: the calls' own ids, which told them apart, are not stored. Of legs that start together the names
-- decide, not the numbers of nodes.
-- Grain: leg to drop, with the leg that stays. Reads: _log_suspects, _log_same, parties, _log_new_parties.
-- Params: $window seconds, $slack seconds, $id_window seconds; $parts, $part which part of the pairs.
WITH names AS (
    SELECT node, party_id FROM parties
    UNION ALL
    SELECT node, party_id FROM _log_new_parties
),

once AS (
    SELECT s.*, m.party_id AS name, s.started_at - to_seconds($window) AS since
    FROM _log_suspects AS s
    INNER JOIN names AS m ON s.caller = m.node
    WHERE
        s.a % $parts = $part
        AND (s.kind = 'call' OR s.call_id IS NOT NULL)
        AND (s.is_old OR s.rid NOT IN (SELECT d.rid FROM _log_same AS d WHERE d.a % $parts = $part))
),

near AS (
    SELECT l.is_old, l.rid, k.is_old AS kept_old, k.rid AS kept_rid, l.caller AS l_caller, k.caller, k.name,
        k.started_at, k.duration_s
    FROM once AS l
    INNER JOIN once AS k ON l.a = k.a AND l.b = k.b AND k.started_at BETWEEN l.since AND l.started_at
    WHERE
        NOT (l.is_old AND k.is_old)
        AND l.kind = 'call' AND k.kind = 'call' AND l.duration_s > 0 AND k.duration_s > 0
        AND k.duration_s BETWEEN l.duration_s - $slack AND l.duration_s + $slack
        AND l.started_at < k.started_at + to_seconds(k.duration_s)
        AND (l.call_id IS NULL OR k.call_id IS NULL)
        AND (
            k.started_at < l.started_at
            OR (k.name, k.duration_s, NOT k.is_old, k.rid) < (l.name, l.duration_s, NOT l.is_old, l.rid)
        )
    UNION ALL
    SELECT l.is_old, l.rid, k.is_old AS kept_old, k.rid AS kept_rid, l.caller AS l_caller, k.caller, k.name,
        k.started_at, k.duration_s
    FROM once AS l
    INNER JOIN once AS k ON l.call_id = k.call_id AND l.kind = k.kind AND l.a = k.a AND l.b = k.b
    WHERE
        k.started_at >= l.started_at - to_seconds($id_window)
        AND (k.duration_s = 0 OR l.duration_s = 0 OR l.started_at < k.started_at + to_seconds(k.duration_s))
        AND (k.started_at, k.name, k.duration_s, NOT k.is_old, k.rid)
        < (l.started_at, l.name, l.duration_s, NOT l.is_old, l.rid)
),

chosen AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY is_old, rid ORDER BY started_at, name, duration_s, kept_old DESC, kept_rid
        ) AS n
    FROM near
)

SELECT is_old, rid, kept_old, kept_rid, l_caller <> caller AS swapped FROM chosen WHERE n = 1
