"""A reverse proxy that passes everything through as it is, and has it judged (`conformance.watching`)."""
