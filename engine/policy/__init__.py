"""Which face persuades whom: a policy learned from randomised arms, or the best single arm (METHODS sections 5, 7)."""
