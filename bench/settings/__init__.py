"""The settings of peers. Ours are the project's own."""
