-- Every row of a file of call records, read into types, with the reason why it cannot be kept (METHODS section 1).
-- Grain: input row, in file order. Reads: _log_raw (the canonical columns as they came), macros log_clock, log_own,
-- log_moment, log_offset, log_seconds, log_tac. engine/sources/reasons.py says what each reason means and what helps.
-- Params: $formats, $zoned, $within formats of times without, before and around a zone; $zone of local times, $gaps the hours
--   of the day in which its clock ever skips some; $zone_words, $zone_meanings abbreviations of zones; $micros per unit and
--   $epoch_us of times that are numbers; $offset_unit see log_offset; $words and $meanings of the file's kinds, $kind where
--   there is no word; $direction_words, $directions (in, out, missed); $directed whether the file has such a column;
--   $answer_words, $answers (yes, no, empty); $other what further words mean (yes, no, or reject); $no_ids words that are no
--   call's id; $seconds, $megabytes per unit, $two see log_seconds; $earliest, $latest the plausible window.
-- Words are looked up by list_position: list_contains would become a join, after which rows come in any order.
-- What is no number is asked for: Parquet's statistics leave it out, and a comparison alone may be decided by them.
-- caller and callee are still raw text here. Rows that stay have reason null; those that do not have no parties, and raw
-- is what can be shown of them: letters as a, digits as 9, but for a time and a duration that read well.
WITH clocks AS (
    SELECT
        *,
        log_clock(started_at, $formats) AS shown,
        log_offset(utc_offset, $offset_unit) AS minutes,
        list_extract($directions, list_position($direction_words, lower(trim(direction)))) AS way,
        CASE
            WHEN answered IS NULL OR trim(answered) = '' THEN ''
            ELSE coalesce(list_extract($answers, list_position($answer_words, lower(trim(answered)))), $other)
        END AS answer
    FROM _log_raw
),

read_as AS (
    SELECT
        CASE WHEN kind IS NULL THEN $kind ELSE list_extract($meanings, list_position($words, lower(trim(kind)))) END AS kind,
        coalesce(way, 'out') <> 'out' AS incoming,
        way IS NOT NULL OR NOT $directed AS direction_known,
        caller,
        callee,
        CASE
            WHEN shown IS NULL
                THEN log_own(started_at, $zoned, $within, $zone_words, $zone_meanings, $micros, $epoch_us)
            ELSE log_moment(shown, minutes, $zone, $gaps)
        END AS moment,
        shown IS NOT NULL AND minutes > 1000 AS no_offset,
        coalesce(try_cast(duration_s AS DOUBLE) * $seconds, log_seconds(trim(duration_s::VARCHAR), $two)) AS seconds,
        duration_s IS NULL OR duration_s::VARCHAR = '' AS no_duration,
        answer = 'no' OR coalesce(way, '') = 'missed' AS missed,
        answer = 'reject' AS answer_unknown,
        try_cast(volume_mb AS DOUBLE) * $megabytes AS volume_mb,
        caller_tac, callee_tac, caller_imei, callee_imei, caller_cell, callee_cell,
        CASE WHEN coalesce(list_position($no_ids, lower(trim(call_id))), 0) = 0 THEN call_id END AS call_id,
        started_at::VARCHAR AS time_text,
        duration_s::VARCHAR AS duration_text,
        CASE WHEN n_calls IS NOT NULL THEN coalesce(try_cast(n_calls AS DOUBLE), -1) END AS n_calls,
        CASE WHEN n_texts IS NOT NULL THEN coalesce(try_cast(n_texts AS DOUBLE), -1) END AS n_texts,
        problem,
        line
    FROM clocks
),

judged AS (
    SELECT
        *,
        incoming AND kind <> 'data' AS swapped,  -- a data session has one party, whose row it is
        CASE
            WHEN problem IS NOT NULL THEN problem
            WHEN kind IS NULL THEN 'unknown_kind'
            WHEN NOT direction_known AND kind <> 'data' THEN 'unknown_direction'
            WHEN caller IS NULL OR caller = '' THEN 'missing_party'
            WHEN kind <> 'data' AND (callee IS NULL OR callee = '') THEN 'missing_party'
            WHEN kind <> 'data' AND caller = callee THEN 'self_call'
            WHEN no_offset THEN 'unreadable_offset'
            WHEN moment = '-infinity'::TIMESTAMP THEN 'ambiguous_zone'
            WHEN moment = 'infinity'::TIMESTAMP THEN 'skipped_time'
            WHEN moment IS NULL OR NOT isfinite(moment) THEN 'unreadable_time'
            WHEN moment < $earliest::TIMESTAMP OR moment >= $latest::TIMESTAMP THEN 'time_out_of_window'
            WHEN kind = 'call' AND answer_unknown THEN 'unknown_answered'
            WHEN kind = 'call' AND NOT missed AND (no_duration OR seconds IS NULL OR NOT isfinite(seconds))
                THEN 'unreadable_duration'
            WHEN kind = 'call' AND seconds < 0 AND seconds <> -$seconds THEN 'negative_duration'
            WHEN kind = 'call' AND (seconds > 2e9 OR isnan(seconds)) THEN 'unreadable_duration'
            WHEN n_calls < 0 OR n_texts < 0 OR n_calls > 1e12 OR n_texts > 1e12 OR isnan(n_calls + n_texts)
                THEN 'unreadable_sum'
            WHEN n_calls + n_texts <= 0 THEN 'no_contact'
        END::ENUM(
            'wrong_columns', 'not_utf8', 'unknown_kind', 'unknown_direction', 'missing_party', 'self_call',
            'unreadable_offset', 'ambiguous_zone', 'skipped_time', 'unreadable_time', 'time_out_of_window',
            'unknown_answered', 'unreadable_duration', 'negative_duration', 'unreadable_sum', 'no_contact',
            'left_out'
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
