-- Defines log_offset: minutes east of UTC of a column of offsets; 100000 where it cannot be read, null where it is empty.
-- Grain: macro. Params of the macro: the text; seconds of one unit where it is a number, 0 where it is written +hh:mm.
CREATE OR REPLACE TEMP MACRO log_offset(written, unit) AS
CASE
    WHEN trim(written) <> ''
        THEN
            coalesce(
                CASE
                    WHEN unit = 0 THEN log_minutes(trim(written))
                    WHEN
                        abs(try_cast(written AS DOUBLE) * unit) <= 50400 AND (try_cast(written AS DOUBLE) * unit) % 900 = 0
                        THEN (try_cast(written AS DOUBLE) * unit / 60)::INTEGER
                END,
                100000
            )
END
