"""How fast the sync engine is: measurements against servers of this machine, over sockets."""
