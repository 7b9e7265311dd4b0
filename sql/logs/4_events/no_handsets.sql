-- Defines the view _log_seen of a file without handset numbers, in the shape of logs/4_events/handsets.
-- Grain: row that stays, but for those that their ids rule out. Reads: _log_placed.
CREATE OR REPLACE TEMP VIEW _log_seen AS
SELECT
    *, null::VARCHAR AS caller_own_tac, null::VARCHAR AS caller_device, null::VARCHAR AS callee_own_tac,
    null::VARCHAR AS callee_device
FROM _log_placed
