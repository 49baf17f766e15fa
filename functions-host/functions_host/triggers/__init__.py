"""What makes a function run: its declaration as clients see it, its argument, its result."""
