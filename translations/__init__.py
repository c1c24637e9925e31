"""The message catalogues' tools: what is to be translated, and bringing the catalogues up to date."""
