-- National numbers with the E.164 form the phonenumbers library read.
-- Grain: distinct raw id. Reads: _ids_national_frame (raw, e164), handed over from memory.
SELECT raw::VARCHAR AS raw, e164::VARCHAR AS e164 FROM _ids_national_frame
