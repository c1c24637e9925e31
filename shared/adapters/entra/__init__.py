"""Microsoft Entra ID: sign-in, consent, and tokens for customers' tenants."""
