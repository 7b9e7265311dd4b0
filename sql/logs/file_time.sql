-- Defines log_time: the moment (UTC) of a time of the file's own columns, as sql/logs/parse.sql reads started_at; null where
-- it cannot be read. For expressions of a mapping, in a view, where nothing can be bound: the parameters are filled in.
-- Grain: macro. Params of the macro: the value; formats, zone and epoch (not used, see above).
CREATE OR REPLACE TEMP MACRO log_time(value, formats, zone, epoch) AS
CASE
    WHEN file_clock(value, $formats) IS NOT NULL
        THEN
            CASE
                WHEN isfinite(file_moment(file_clock(value, $formats), NULL::INTEGER, $zone, $gaps))
                    THEN file_moment(file_clock(value, $formats), NULL::INTEGER, $zone, $gaps)
            END
    WHEN isfinite(file_own(value, $zoned, $within, $zone_words, $zone_meanings, $micros, $epoch_us))
        THEN file_own(value, $zoned, $within, $zone_words, $zone_meanings, $micros, $epoch_us)
END
