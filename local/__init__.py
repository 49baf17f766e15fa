"""Stands in for Azure on one machine. Never deployed: without this folder `src` still works under `func start`."""
