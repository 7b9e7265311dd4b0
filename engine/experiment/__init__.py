"""Own face against influencer's face: assignment, analysis, interference, power (METHODS section 7)."""
