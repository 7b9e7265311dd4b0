-- Defines log_zoned: the moment (UTC) at which a clock showed a time in a zone as it is written; -infinity where the
-- zone's abbreviation means more than one, null where it means none.
-- Grain: macro. Params of the macro: the time, the zone's text; abbreviations in capitals and what they stand for, `?` for
-- those that mean more than one.
CREATE OR REPLACE TEMP MACRO log_zoned(shown, written, words, meanings) AS
CASE
    WHEN log_minutes(written) IS NOT NULL THEN shown - to_minutes(log_minutes(written))
    WHEN list_extract(meanings, list_position(words, upper(written))) = '?' THEN '-infinity'::TIMESTAMP
    WHEN log_minutes(list_extract(meanings, list_position(words, upper(written)))) IS NOT NULL
        THEN shown - to_minutes(log_minutes(list_extract(meanings, list_position(words, upper(written)))))
    WHEN contains(coalesce(list_extract(meanings, list_position(words, upper(written))), written), '/')
        THEN
            timezone(
                'UTC',
                try_cast(
                    strftime(shown, '%Y-%m-%d %H:%M:%S.%f')
                    || ' ' || coalesce(list_extract(meanings, list_position(words, upper(written))), written) AS TIMESTAMPTZ
                )
            )
END
