-- Every row of a file of call records, read into types, with the reason why it cannot be kept (METHODS section 1).
-- Grain: input row, in file order. Reads: _log_raw (the canonical columns as they came), macros log_time, log_tac.
-- Params: $formats, $zone, $epoch_us how times read; $words and $meanings of the file's kinds, $kind where there is no word;
--   $incoming, $outgoing, $unanswered words; $seconds, $megabytes per unit; $earliest, $latest the plausible window.
-- Words are looked up by list_position: list_contains would become a join, after which rows come in any order.
-- What is no number is asked for: Parquet's statistics leave it out, and a comparison alone may be decided by them.
-- caller and callee are still raw text here. Rows that stay have reason null; those that do not have no parties, and raw
-- is what can be shown of them: letters as a, digits as 9, but for a time and a duration that read well.
WITH read_as AS (
    SELECT
        CASE WHEN kind IS NULL THEN $kind ELSE list_extract($meanings, list_position($words, lower(trim(kind)))) END AS kind,
        coalesce(list_position($incoming, lower(trim(direction))), 0) > 0 AS incoming,
        direction IS NULL OR coalesce(list_position($incoming, lower(trim(direction))), 0) > 0
        OR coalesce(list_position($outgoing, lower(trim(direction))), 0) > 0 AS direction_known,
        caller,
        callee,
        CASE
            WHEN utc_offset IS NULL THEN log_time(started_at, $formats, $zone, $epoch_us)
            WHEN regexp_full_match(trim(utc_offset), '[+-]?[0-9]{1,2}(:?[0-9]{2})?')
                THEN
                    log_time(started_at, $formats, $zone, $epoch_us)
                    - to_minutes(
                        CASE WHEN starts_with(trim(utc_offset), '-') THEN -1 ELSE 1 END
                        * (
                            60 * regexp_extract(trim(utc_offset), '^[+-]?([0-9]{1,2}?)(:?([0-9]{2}))?$', 1)::INTEGER
                            + coalesce(
                                try_cast(
                                    regexp_extract(trim(utc_offset), '^[+-]?([0-9]{1,2}?)(:?([0-9]{2}))?$', 3)
                                    AS INTEGER
                                ),
                                0
                            )
                        )
                    )
        END AS moment,
        started_at IS NULL AS no_time,
        try_cast(duration_s AS DOUBLE) * $seconds AS seconds,
        duration_s IS NULL OR duration_s::VARCHAR = '' AS no_duration,
        coalesce(list_position($unanswered, lower(trim(answered))), 0) > 0 AS missed,
        try_cast(volume_mb AS DOUBLE) * $megabytes AS volume_mb,
        caller_tac, callee_tac, caller_imei, callee_imei, caller_cell, callee_cell, call_id,
        started_at::VARCHAR AS time_text,
        duration_s::VARCHAR AS duration_text,
        CASE WHEN n_calls IS NOT NULL THEN coalesce(try_cast(n_calls AS DOUBLE), -1) END AS n_calls,
        CASE WHEN n_texts IS NOT NULL THEN coalesce(try_cast(n_texts AS DOUBLE), -1) END AS n_texts,
        problem,
        line
    FROM _log_raw
),

judged AS (
    SELECT
        *,
        incoming AND kind <> 'data' AS swapped,  -- a data session has one party, whose row it is
        CASE
            WHEN problem IS NOT NULL THEN problem
            WHEN kind IS NULL THEN 'unknown_kind'
            WHEN NOT direction_known THEN 'unknown_direction'
            WHEN caller IS NULL OR caller = '' THEN 'missing_party'
            WHEN kind <> 'data' AND (callee IS NULL OR callee = '') THEN 'missing_party'
            WHEN kind <> 'data' AND caller = callee THEN 'self_call'
            WHEN moment IS NULL OR NOT isfinite(moment) THEN 'unreadable_time'
            WHEN moment < $earliest::TIMESTAMP OR moment >= $latest::TIMESTAMP THEN 'time_out_of_window'
            WHEN kind = 'call' AND NOT missed AND (no_duration OR seconds IS NULL OR NOT isfinite(seconds))
                THEN 'unreadable_duration'
            WHEN kind = 'call' AND seconds < 0 AND seconds <> -$seconds THEN 'negative_duration'
            WHEN kind = 'call' AND (seconds > 2e9 OR isnan(seconds)) THEN 'unreadable_duration'
            WHEN n_calls < 0 OR n_texts < 0 OR n_calls > 1e12 OR n_texts > 1e12 OR isnan(n_calls + n_texts)
                THEN 'unreadable_sum'
            WHEN n_calls + n_texts <= 0 THEN 'no_contact'
        END::ENUM(
            'wrong_columns', 'not_utf8', 'unknown_kind', 'unknown_direction', 'missing_party', 'self_call',
            'unreadable_time', 'time_out_of_window', 'unreadable_duration', 'negative_duration',
            'unreadable_sum', 'no_contact', 'left_out'
        ) AS reason
    FROM read_as
)

SELECT
    kind::ENUM('call', 'data', 'text') AS kind,
    CASE WHEN reason IS NOT NULL THEN null WHEN swapped THEN callee ELSE caller END AS caller,
    CASE WHEN reason IS NOT NULL OR kind = 'data' THEN null WHEN swapped THEN caller ELSE callee END AS callee,
    moment AS started_at,
    CASE WHEN reason IS NULL AND kind = 'call' AND NOT missed AND seconds > 0 THEN round(seconds)::INTEGER ELSE 0 END
        AS duration_s,
    NOT (kind = 'call' AND (missed OR coalesce(seconds, 0) < 0.5)) AS answered,
    CASE WHEN kind = 'data' AND isfinite(volume_mb) AND volume_mb >= 0 AND volume_mb < 1e9 THEN volume_mb END AS volume_mb,
    log_tac(CASE WHEN swapped THEN callee_tac ELSE caller_tac END) AS caller_tac,
    log_tac(CASE WHEN swapped THEN caller_tac ELSE callee_tac END) AS callee_tac,
    CASE WHEN swapped THEN callee_imei ELSE caller_imei END AS caller_imei,
    CASE WHEN swapped THEN caller_imei ELSE callee_imei END AS callee_imei,
    CASE WHEN swapped THEN callee_cell ELSE caller_cell END AS caller_cell,
    CASE WHEN swapped THEN caller_cell ELSE callee_cell END AS callee_cell,
    call_id,
    CASE WHEN reason IS NULL THEN ceil(n_calls)::BIGINT END AS n_calls,
    CASE WHEN reason IS NULL THEN ceil(n_texts)::BIGINT END AS n_texts,
    reason,
    CASE
        WHEN reason IS NULL OR reason = 'left_out' THEN null
        WHEN reason IN ('wrong_columns', 'not_utf8')
            THEN regexp_replace(regexp_replace(left(line, 500), '\pL', 'a', 'g'), '\pN', '9', 'g')
        ELSE
            concat_ws(
                ',',
                coalesce(kind, '?'),
                regexp_replace(
                    regexp_replace(concat_ws(',', left(caller, 100), left(callee, 100)), '\pL', 'a', 'g'),
                    '\pN', '9', 'g'
                ),
                CASE
                    WHEN moment >= $earliest::TIMESTAMP AND moment < $latest::TIMESTAMP THEN moment::VARCHAR
                    ELSE regexp_replace(regexp_replace(left(time_text, 100), '\pL', 'a', 'g'), '\pN', '9', 'g')
                END,
                CASE
                    WHEN isfinite(seconds) AND abs(seconds) < 1e6 THEN duration_text
                    ELSE regexp_replace(regexp_replace(left(duration_text, 100), '\pL', 'a', 'g'), '\pN', '9', 'g')
                END
            )
    END AS raw
FROM judged
