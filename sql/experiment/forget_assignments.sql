-- Take back an experiment's assignments before anybody saw anything. Params: experiment_id.
DELETE FROM assignments WHERE experiment_id = $experiment_id
