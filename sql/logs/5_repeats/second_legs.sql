-- Second legs of calls: the same two parties whichever way round, talk on both, durations and starts that differ by
-- no more than allowed; or one shared call id and starts near enough for one call. The earlier leg stays (after bandicoot's
-- rule, METHODS section 1). A leg of a leg is one too, so that the order in which the rows come does not matter.
-- Nobody talks with the same person twice at once: a call that starts when the one before it has ended is a call of its own
-- (somebody dialled again), or the next piece of a long one. So legs overlap: the later starts before the earlier ends.
-- Two stored events are two: the calls' own ids, which told them apart, are not stored. Of legs that start together the names
-- decide, not the numbers of nodes.
-- Grain: leg to drop, with the leg that stays. Reads: _log_suspects, _log_same, _log_suspect_names.
-- Params: $window seconds, $slack seconds, $id_window seconds; $parts, $part which part of the pairs.
WITH once AS (
    SELECT s.*, s.started_at - to_seconds($window) AS since
    FROM _log_suspects AS s
    WHERE
        s.a % $parts = $part
        AND (s.kind = 'call' OR s.call_id IS NOT NULL)
        AND (s.is_old OR s.rid NOT IN (SELECT d.rid FROM _log_same AS d WHERE d.a % $parts = $part))
),

near AS (
    SELECT l.is_old, l.rid, l.caller AS l_caller, l.started_at AS l_started_at, l.duration_s AS l_duration_s,
        k.is_old AS kept_old, k.rid AS kept_rid, k.caller, k.started_at, k.duration_s
    FROM once AS l
    INNER JOIN once AS k ON l.a = k.a AND l.b = k.b AND k.started_at BETWEEN l.since AND l.started_at
    WHERE
        NOT (l.is_old AND k.is_old)
        AND (l.is_old <> k.is_old OR l.rid <> k.rid)
        AND l.kind = 'call' AND k.kind = 'call' AND l.duration_s > 0 AND k.duration_s > 0
        AND k.duration_s BETWEEN l.duration_s - $slack AND l.duration_s + $slack
        AND l.started_at < k.started_at + to_seconds(k.duration_s)
        AND (l.call_id IS NULL OR k.call_id IS NULL)
    UNION ALL
    SELECT l.is_old, l.rid, l.caller AS l_caller, l.started_at AS l_started_at, l.duration_s AS l_duration_s,
        k.is_old AS kept_old, k.rid AS kept_rid, k.caller, k.started_at, k.duration_s
    FROM once AS l
    INNER JOIN once AS k ON l.call_id = k.call_id AND l.kind = k.kind AND l.a = k.a AND l.b = k.b
    WHERE
        k.started_at >= l.started_at - to_seconds($id_window)
        AND k.started_at <= l.started_at
        AND (l.is_old <> k.is_old OR l.rid <> k.rid)
        AND (k.duration_s = 0 OR l.duration_s = 0 OR l.started_at < k.started_at + to_seconds(k.duration_s))
),

named AS (
    SELECT n.*, k.party_id AS name
    FROM near AS n
    INNER JOIN _log_suspect_names AS l ON n.l_caller = l.node
    INNER JOIN _log_suspect_names AS k ON n.caller = k.node
    WHERE
        n.started_at < n.l_started_at
        OR (k.party_id, n.duration_s, NOT n.kept_old, n.kept_rid)
        < (l.party_id, n.l_duration_s, NOT n.is_old, n.rid)
),

chosen AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY is_old, rid ORDER BY started_at, name, duration_s, kept_old DESC, kept_rid
        ) AS n
    FROM named
)

SELECT is_old, rid, kept_old, kept_rid, l_caller <> caller AS swapped FROM chosen WHERE n = 1
