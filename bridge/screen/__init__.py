"""The process that draws."""
