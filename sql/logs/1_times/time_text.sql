-- Defines log_shown: what a clock shows, of ISO 8601 text as people and programs write it, as a whole: days with - / or .,
-- hours of 1 or 2 digits, seconds and fractions (1 to 9 digits) or none, AM or PM, 24:00, or no time of day (midnight).
-- Grain: macro. Params of the macro: the text, without spaces around. Null where anything else stands in it.
CREATE OR REPLACE TEMP MACRO log_shown(written) AS
CASE
    WHEN
        regexp_full_match(
            written,
            '[0-9]{4}([-/.][0-9]{1,2}){2}(([T ]| +)[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?)?'
        )
        THEN
            try_cast(
                replace(
                    regexp_replace(written, '^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})', '\1-\2-\3'), ',', '.'
                ) AS TIMESTAMP
            )
    WHEN
        regexp_full_match(
            written,
            '[0-9]{4}([-/.][0-9]{1,2}){2}([T ]| +)(0?[1-9]|1[0-2]):[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)? ?(?i:[ap]\.? ?m\.?)'
        )
        THEN
            try_cast(
                regexp_replace(
                    replace(written, ',', '.'),
                    '^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})[T ]+[0-9]{1,2}(:[0-9:.]*[0-9]).*$', '\1-\2-\3 00\4'
                ) AS TIMESTAMP
            )
            + to_hours(
                regexp_extract(written, '[T ]([0-9]{1,2}):', 1)::INTEGER % 12
                + CASE WHEN regexp_matches(written, '(?i:p\.? ?m\.?)$') THEN 12 ELSE 0 END
            )
    WHEN regexp_full_match(written, '[0-9]{8}T[0-9]{4}([0-9]{2}([.,][0-9]{1,9})?)?')
        THEN
            try_cast(
                regexp_replace(
                    replace(rpad(regexp_extract(written, '^[0-9]{8}T[0-9]{4,6}'), 15, '0'), ',', '.'),
                    '^(....)(..)(..)T(..)(..)(..)$', '\1-\2-\3 \4:\5:\6'
                )
                || replace(regexp_extract(written, '[.,][0-9]+$'), ',', '.') AS TIMESTAMP
            )
END
