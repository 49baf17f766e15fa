"""Inside the process that runs the app: the worker library of Azure, and the messages to the host."""
