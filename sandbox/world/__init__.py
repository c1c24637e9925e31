"""State of the simulated outside world: tenants, users, groups, applications and consent, without any HTTP."""
