"""Thin handlers: one method an operation, named after its operationId; they translate between HTTP and state."""
