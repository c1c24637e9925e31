"""The decisions: pure functions over frozen values, without I/O, clock, logging or vendor."""
