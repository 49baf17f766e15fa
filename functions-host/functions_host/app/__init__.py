"""The folder of an app: its files and its settings."""
