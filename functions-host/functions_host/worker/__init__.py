"""The process that runs the app, seen from the host."""
