"""State of the simulated outside world: tenants, users, groups, applications, consent; without HTTP."""
