"""What only an operator may do. Nothing of the web knows these services: they look across accounts."""
