"""Swagger UI 5.35.0, as the npm package `swagger-ui-dist` has it; its licences lie beside it."""
