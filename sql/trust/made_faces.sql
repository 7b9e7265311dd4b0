-- Faces known. Grain: one row. Reads: faces.
SELECT count(*) AS n FROM faces
