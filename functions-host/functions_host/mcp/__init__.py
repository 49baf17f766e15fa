"""The Model Context Protocol as the extension speaks it: a message comes in, its answer goes out."""
