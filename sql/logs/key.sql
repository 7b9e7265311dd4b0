-- Defines log_key: a number that events which may be the same share. A call with talk is keyed by its two parties
-- and the time bucket its start falls into; everything else by kind, parties and start.
-- Grain: macro. Params of the macro: an event's columns; shift and bucket in seconds. With buckets of twice the window
-- and a shift of once the window, any two starts within the window share the bucket with the shift or without.
CREATE OR REPLACE TEMP MACRO log_key(kind, caller, callee, started_at, duration_s, shift, bucket) AS
CASE
    WHEN kind = 'call' AND duration_s > 0
        THEN hash(
            least(caller, callee), greatest(caller, callee), (epoch_us(started_at) // 1000000 + shift) // bucket
        )
    ELSE hash(kind, caller, callee, started_at)
END
