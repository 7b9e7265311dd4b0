-- Forget that a stage has run, so that it runs again. Writes runs. Parameter: stage.
DELETE FROM runs WHERE stage = $stage
