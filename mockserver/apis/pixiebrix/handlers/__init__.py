"""Thin handlers between HTTP and state: one method an operation, named after its operationId."""
