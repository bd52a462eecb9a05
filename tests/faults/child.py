"""Runs a Python program and stops it at named points; nothing in the program knows about it.

    python tests/faults/child.py run [--stop-at MODULE.FUNCTION:before|after]... -- PROGRAM [ARGUMENTS]

PROGRAM is `-c CODE`, `-m MODULE` or a file.

At such a point the process (any thread, any fork of it) connects to the Unix socket in FAULTS_SOCKET, writes its
process id and the point's name, and stands still until it reads "go". When the other side goes away, it ends.
"""

import argparse
import functools
import importlib.abc
import importlib.machinery
import inspect
import os
import runpy
import socket
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from typing import Any


def stop(point: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["FAULTS_SOCKET"])
        connection.sendall(f"{os.getpid()} {point}\n".encode())
        if connection.recv(16) != b"go":
            # Not an exception: the program must not be able to clean up after itself.
            os._exit(1)


class Points:
    """The functions to wrap, each as soon as the module that holds it is there."""

    def __init__(self, names: Sequence[str]) -> None:
        self.waiting: dict[str, set[str]] = {}
        for name in names:
            function, _, when = name.rpartition(":")
            if when not in {"before", "after"}:
                raise SystemExit(f"faults: {name} does not end in :before or :after")
            self.waiting.setdefault(function, set()).add(when)

    def look_into(self, module: types.ModuleType) -> None:
        for name in list(self.waiting):
            if name.startswith(f"{module.__name__}.") and self._wrap(module, name):
                del self.waiting[name]

    def _wrap(self, module: types.ModuleType, name: str) -> bool:
        *path, last = name.removeprefix(f"{module.__name__}.").split(".")
        holder: Any = module
        for part in path:
            holder = getattr(holder, part, None)
        if isinstance(holder, types.ModuleType) and holder is not module:
            return False
        found = inspect.getattr_static(holder, last, None)
        if found is None or isinstance(found, types.ModuleType):
            return False
        method = isinstance(found, classmethod | staticmethod)
        wrapped = _stopping(found.__func__ if method else found, name, self.waiting[name])
        setattr(holder, last, type(found)(wrapped) if method else wrapped)
        return True


def _stopping(function: Callable[..., Any], name: str, when: set[str]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function) or not callable(function):
        raise SystemExit(f"faults: {name} is not a plain function")

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if "before" in when:
            stop(f"{name}:before")
        result = function(*args, **kwargs)
        if "after" in when:
            stop(f"{name}:after")
        return result

    return wrapper


class Finder(importlib.abc.MetaPathFinder):
    """Lets a module be loaded as ever, and looks into it before anybody else can take a function out of it."""

    def __init__(self, points: Points) -> None:
        self.points = points

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(name.startswith(f"{fullname}.") for name in self.points.waiting):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            load(module)
            self.points.look_into(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["run"])
    parser.add_argument("--stop-at", action="append", default=[])
    points = Points(parser.parse_args(arguments[:split]).stop_at)
    for module in list(sys.modules.values()):
        points.look_into(module)
    sys.meta_path.insert(0, Finder(points))
    # As if the program had been started by itself from this folder.
    sys.path[0] = os.getcwd()
    try:
        run(arguments[split + 1 :])
    finally:
        for name in points.waiting:
            print(f"faults: nothing is called {name}", file=sys.stderr)


def run(program: list[str]) -> None:
    kind = program[0]
    if kind == "-c":
        sys.argv = ["-c", *program[2:]]
        main_module = types.ModuleType("__main__")
        sys.modules["__main__"] = main_module
        exec(compile(program[1], "<command>", "exec"), main_module.__dict__)
    elif kind == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
