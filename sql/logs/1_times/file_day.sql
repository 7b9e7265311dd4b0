-- Defines log_whole: the day and hour that a time of a table shows, whatever its zone (a birthday has none); null where it
-- cannot be read. The parameters are filled in, as for file_time.
-- Grain: macro. Param of the macro: the value.
CREATE OR REPLACE TEMP MACRO log_whole(value) AS
coalesce(
    log_clock(value, $formats),
    log_clock(log_split(value::VARCHAR)['shown'], $formats),
    CASE WHEN $micros > 0 THEN log_own(value, $zoned, $within, $zone_words, $zone_meanings, $micros, $epoch_us) END
)
