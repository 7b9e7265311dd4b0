-- Defines log_seconds: seconds of a duration that is no plain number: 1:02:03, 00:01:30.5, 2 days 01:00:00, PT1M30S,
-- 1h 2m 3s, 90 sec; two parts (01:30) as `two` says: the seconds of the first one's unit, null = none is read.
-- Grain: macro. Params of the macro: the text and `two`. Null where anything else stands in it.
CREATE OR REPLACE TEMP MACRO log_seconds(written, two) AS
CASE
    WHEN regexp_full_match(written, '[0-9]{1,5}:[0-5][0-9]:[0-5][0-9]([.,][0-9]{1,9})?|[0-9]{1,4} days?,? [0-9]{1,2}:[0-5][0-9]:[0-5][0-9]([.,][0-9]{1,9})?')
        THEN
            86400 * coalesce(try_cast(regexp_extract(written, '^([0-9]+) day', 1) AS DOUBLE), 0)
            + 3600 * regexp_extract(written, '([0-9]+):[0-9]+:', 1)::DOUBLE
            + 60 * regexp_extract(written, ':([0-9]+):', 1)::DOUBLE
            + replace(regexp_extract(written, '[0-9]+([.,][0-9]+)?$'), ',', '.')::DOUBLE
    WHEN two IS NOT NULL AND regexp_full_match(written, '[0-9]{1,6}:[0-5][0-9]')
        THEN two * (regexp_extract(written, '^[0-9]+')::DOUBLE + regexp_extract(written, '[0-9]+$')::DOUBLE / 60)
    WHEN
        written <> ''
        AND regexp_full_match(
            lower(written), '(pt)?([0-9]+ ?(h|hrs?|hours?))? ?([0-9]+ ?(m|mins?|minutes?))? ?([0-9]+([.][0-9]+)? ?(s|secs?|seconds?))?'
        )
        AND regexp_matches(written, '[0-9]')
        THEN
            3600 * coalesce(try_cast(regexp_extract(lower(written), '([0-9]+) ?h', 1) AS DOUBLE), 0)
            + 60 * coalesce(try_cast(regexp_extract(lower(written), '([0-9]+) ?m', 1) AS DOUBLE), 0)
            + coalesce(try_cast(regexp_extract(lower(written), '([0-9]+([.][0-9]+)?) ?s', 1) AS DOUBLE), 0)
END
