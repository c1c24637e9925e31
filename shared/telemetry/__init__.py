"""What the app says about its work, over OpenTelemetry: ids, codes, counts, times; see docs/telemetry.md."""
