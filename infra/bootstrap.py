"""Makes `.venv` and installs the locked requirements: `run` to use it, `dev` to work on it.

Standard library only: it runs before anything is installed.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)


def main() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Regulars needs Python 3.11 or newer; this is {found}. Try: make PYTHON=python3.12 demo")
    [purpose] = sys.argv[1:]
    python = VENV / "bin" / "python"
    if not python.exists():
        create_venv()
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The lock names all that is needed. What a package asks for beside that is for what nobody here uses of it.
    run([*install, "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements" / f"{purpose}.txt")])
    run([*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])


def create_venv() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit("This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv")
    venv.create(VENV, with_pip=True, clear=True)


def run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"This step failed, see above: {' '.join(command)}")


if __name__ == "__main__":
    main()
