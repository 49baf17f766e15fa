"""Azure Storage: Azurite, and the blobs and queues that bindings name."""
