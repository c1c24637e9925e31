"""All state, in Azure Table Storage."""
