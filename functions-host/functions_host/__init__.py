"""Runs a Python function app on this machine as Azure runs it, with all that its MCP tools need.

The floors, each of which knows only those below it:

    cli, start, terminal   the command: what it starts, and what it tells the person; inspector, a page to call tools
    pool                   stands in for a session pool, where tools run code
    http                   what is asked for over a port, and who may ask
    mcp                    the protocol: messages and methods, no socket
    host                   the app that is served: its functions, calls, reloads, and what runs them unasked
    triggers               what makes a function run, and what becomes of its result
    bindings               what a function is given and gives beside that
    storage                Azurite, blobs and queues
    worker                 the process that runs the app, seen from the host
    app                    the folder of an app: files, settings
    worker_process         what runs inside that process, with the app's packages and not with ours
"""
