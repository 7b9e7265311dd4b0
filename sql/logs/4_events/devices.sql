-- Handset numbers (IMEI 15, IMEISV 16 or 14 digits) with their TAC and a pseudonym of the first 14 digits.
-- Grain: distinct raw IMEI. Reads: _log_imeis. Params: $inner, $outer the 64-byte blocks of HMAC-SHA-256.
WITH digits AS (
    SELECT imei, regexp_replace(regexp_replace(imei, '\.0$', ''), '[ ./-]', '', 'g') AS code FROM _log_imeis
)

SELECT
    imei,
    left(code, 8) AS tac,
    left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(left(code, 14))))), 32) AS device
FROM digits
WHERE regexp_full_match(code, '[0-9]{14,16}')
