"""`python -m functions_host`: the same as the command functions-host."""

from functions_host.cli import main

main()
