"""One outside system per module; each implements ports."""
