-- Defines the view _log_names: how a file's parties are known, by the numbers their ids have in it.
-- Grain: distinct raw id. Reads: _log_ids, _ids_raw.
CREATE OR REPLACE TEMP VIEW _log_names AS
SELECT k.id, i.raw, i.party_id, i.is_short, i.is_number, i.is_code, i.problem FROM _log_ids AS i INNER JOIN _ids_raw AS k ON i.raw = k.raw
