-- Defines log_own: the moment (UTC) of text in one of some strptime formats, with an offset or a zone behind or within it.
-- Grain: macro. Params of the macro: the value; formats without the zone that stands behind; formats with %z within;
--   abbreviations and what they stand for (see log_zoned). Others are not used.
CREATE OR REPLACE TEMP MACRO log_own(value, formats, within, words, meanings, micros, epoch) AS
coalesce(
    log_zoned(
        try_strptime(log_split(value::VARCHAR)['shown'], formats)::TIMESTAMP,
        log_split(value::VARCHAR)['zone'], words, meanings
    ),
    CASE
        WHEN log_minutes(regexp_extract(value::VARCHAR, '(?: |[0-9])([+-][0-9]{2}:?(?:[0-9]{2})?)(?: |$)', 1)) IS NOT NULL
            THEN timezone('UTC', try_strptime(trim(value::VARCHAR), within))
    END
)
