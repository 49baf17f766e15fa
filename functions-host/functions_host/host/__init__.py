"""The app that is served: its functions, the calls in them, and what happens when a file is saved."""
