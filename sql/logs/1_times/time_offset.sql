-- Defines log_minutes: minutes east of UTC of an offset as it is written: Z, UTC, +2, -0530, +05:30, UTC+2, GMT-05:00.
-- Grain: macro. Params of the macro: the text, without spaces around. Offsets are quarters of an hour, 14 hours at most;
-- all else is null (three digits too: 120 may be minutes, or one hour and twenty).
CREATE OR REPLACE TEMP MACRO log_minutes(written) AS
CASE
    WHEN upper(written) IN ('Z', 'UTC', 'GMT', 'UT') THEN 0
    WHEN
        regexp_full_match(
            written,
            '((?i:UTC|GMT|UT) ?[+-]|[+-]?)'
            || '((0?[0-9]|1[0-3])|(0[0-9]|1[0-3])(00|15|30|45)|(0?[0-9]|1[0-3]):(00|15|30|45)|14(:?00)?)'
        )
        THEN
            CASE WHEN contains(written, '-') THEN -1 ELSE 1 END
            * (
                60 * regexp_extract(written, '([0-9]{1,2})(:?[0-9]{2})?$', 1)::INTEGER
                + coalesce(try_cast(regexp_extract(written, '[0-9]{1,2}:?([0-9]{2})$', 1) AS INTEGER), 0)
            )
END
