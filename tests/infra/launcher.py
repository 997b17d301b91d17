"""Starts `regulars` as often as it is asked to, each time in a process of its own that has loaded its modules before.

Nearly all that a short command takes is spent on loading them. A process that has done so once, and nothing else, forks
for each command; the child gets the arguments, environment, folder and files that a new process would have had.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO

MESSAGE_BYTES_MAX = 1024 * 1024
CODE_BYTES = 4
LOOK_SECONDS = 1.0


class Launcher:
    """A process that waits for commands to start, for as long as this object is not closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="regulars-launcher-")
        self._address = str(Path(self._folder.name, "socket"))
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(self._address)
        listener.listen()
        program = f"from tests.infra.launcher import serve; serve({listener.fileno()})"
        self._process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[listener.fileno()])
        listener.close()

    def run(self, arguments: tuple[str, ...], environment: dict[str, str], files: list[IO[bytes]]) -> int:
        """The exit code of the command; `files` are its standard input, output and error."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
            asked.connect(self._address)
            said = json.dumps([arguments, environment, str(Path.cwd())]).encode()
            socket.send_fds(asked, [said], [file.fileno() for file in files])
            code = asked.recv(CODE_BYTES)
        assert code, "The launcher is gone."
        return int.from_bytes(code, "big", signed=True)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


def serve(listening: int) -> None:
    """Forks for whoever asks, until it or its parent is ended."""
    from infra.cli import COMMANDS

    for _, module, _ in COMMANDS:
        import_module(f"infra.cli.{module.partition(':')[0]}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getppid()
    with socket.socket(fileno=listening) as listener:
        listener.settimeout(LOOK_SECONDS)
        while os.getppid() == parent:
            try:
                asking, _ = listener.accept()
            except TimeoutError:
                continue
            with asking:
                if os.fork() == 0:
                    listener.close()
                    _answer(asking)


def _answer(asking: socket.socket) -> None:
    """Runs one command in a process of its own and says how it ended. Never returns."""
    from infra.cli import main

    said, files, _, _ = socket.recv_fds(asking, MESSAGE_BYTES_MAX, 3)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        asking.close()
        arguments, environment, folder = json.loads(said)
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        sys.argv = ["regulars", *arguments]
        os._exit(_code_of(main))
    _, status = os.waitpid(child, 0)
    asking.send(os.waitstatus_to_exitcode(status).to_bytes(CODE_BYTES, "big", signed=True))
    os._exit(0)


def _code_of(main: Callable[[], None]) -> int:
    """What Python would end with."""
    try:
        main()
        code: object = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code
