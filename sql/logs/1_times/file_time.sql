-- Defines log_whole: the moment (UTC) of a time of the file's own columns, as sql/logs/2_rows/parse.sql reads started_at; null where
-- it cannot be read. For expressions of a mapping, in a view, where nothing can be bound: the parameters are filled in.
-- Grain: macro. Param of the macro: the value.
CREATE OR REPLACE TEMP MACRO log_whole(value) AS
CASE
    WHEN log_clock(value, $formats) IS NOT NULL
        THEN
            CASE
                WHEN isfinite(log_moment(log_clock(value, $formats), NULL::INTEGER, $zone, $gaps))
                    THEN log_moment(log_clock(value, $formats), NULL::INTEGER, $zone, $gaps)
            END
    WHEN isfinite(log_own(value, $zoned, $within, $zone_words, $zone_meanings, $micros, $epoch_us))
        THEN log_own(value, $zoned, $within, $zone_words, $zone_meanings, $micros, $epoch_us)
END
