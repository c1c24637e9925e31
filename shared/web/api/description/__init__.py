"""The API described for programs and people: one OpenAPI document, made from the routes themselves."""
