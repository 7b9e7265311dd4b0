-- Defines log_own: the moment (UTC) of a time that has its own offset or zone behind it.
-- Grain: macro. Params of the macro: the value; abbreviations and what they stand for (see log_zoned). Others are not used.
CREATE OR REPLACE TEMP MACRO log_own(value, formats, within, words, meanings, micros, epoch) AS
CASE
    WHEN typeof(value) LIKE '%TIME ZONE'
        THEN CASE WHEN isfinite(try_cast(value AS TIMESTAMPTZ)) THEN timezone('UTC', try_cast(value AS TIMESTAMPTZ)) END
    WHEN suffix(value::VARCHAR, 'Z') AND length(value::VARCHAR) = 20
        THEN coalesce(
            try_strptime(value::VARCHAR, ['%Y-%m-%dT%H:%M:%SZ', '%Y-%m-%d %H:%M:%SZ']),
            log_shown(log_split(value::VARCHAR)['shown'])
        )
    WHEN
        regexp_full_match(
            value::VARCHAR,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?'
            || '(Z|[+-](0[0-9]|1[0-3]):?(00|15|30|45)|[+-]14:?00)'
        )
        THEN timezone('UTC', try_cast(value::VARCHAR AS TIMESTAMPTZ))
    ELSE
        log_zoned(
            log_shown(log_split(value::VARCHAR)['shown']), log_split(value::VARCHAR)['zone'], words, meanings
        )
END
