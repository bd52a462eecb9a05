"""Guildhall beside named peers, measured in turns: `make bench`, or `make bench APPS="sessions_app preferences"`.

`bench/<app>.py` measures one app; its docstring says in plain words what and how, and stands above its table in
docs/benchmarks.md. `rounds` measures in turns and prints the lines, `contenders` gives a side a process, settings
and a database of its own. Peers are pinned in bench/requirements.txt and live in `.venv-bench` only.
"""
