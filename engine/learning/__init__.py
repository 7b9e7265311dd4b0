"""What more than one domain learns with: encoders, base learners, their plain arrays, scores and errors."""
