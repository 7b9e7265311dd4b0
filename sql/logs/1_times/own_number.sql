-- Defines log_own: the moment (UTC) of a number of units after an epoch.
-- Grain: macro. Params of the macro: the value, microseconds per unit and microseconds of the epoch. Others are not used.
-- Numbers beyond some 30,000 years either way are no times. Days are of spreadsheets, whose digits tell seconds at best.
CREATE OR REPLACE TEMP MACRO log_own(value, formats, within, words, meanings, micros, epoch) AS
CASE
    WHEN abs(try_cast(value AS DOUBLE)) * micros::DOUBLE < 9e17
        THEN make_timestamp(
            CASE
                WHEN micros = 86400000000 THEN 1000000 * round(try_cast(value AS DOUBLE) * 86400)::BIGINT
                ELSE round(try_cast(value AS DOUBLE) * micros::DOUBLE)::BIGINT
            END + epoch::BIGINT
        )
END
