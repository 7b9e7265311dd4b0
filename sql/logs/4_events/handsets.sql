-- Defines the view _log_seen: a file's rows that stay with what their handset numbers tell.
-- Grain: row that stays, but for those that their ids rule out. Reads: _log_placed, _log_devices.
CREATE OR REPLACE TEMP VIEW _log_seen AS
SELECT r.*, c.tac AS caller_own_tac, c.device AS caller_device, d.tac AS callee_own_tac, d.device AS callee_device
FROM _log_placed AS r
LEFT JOIN _log_devices AS c ON r.caller_imei = c.imei
LEFT JOIN _log_devices AS d ON r.callee_imei = d.imei
