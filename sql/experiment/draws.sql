-- Grain: unit of `_units`, in its order. The first 53 bits of sha256(salt : unit), exact in a double and an integer alike.
-- Reads _units (unit, number). Params: salt.
SELECT ('0x' || left(sha256($salt || ':' || unit), 14))::BIGINT >> 3 AS draw
FROM _units
ORDER BY number
