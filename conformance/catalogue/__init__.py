"""The catalogue of requirements: rules, where they come from, and the page that traces them."""
