"""`make soak`: a million ticks, then a thousand sales or the hours asked for, with their figures.

Each runs in a process of its own, so that an abort is told of like any other failure.
"""

import subprocess
import sys


def main() -> int:
    """Run both; what is given on the command line goes to the sales."""
    status = 0
    for program, arguments in (("ticks", []), ("sales", sys.argv[1:])):
        print(f"--- {program}", flush=True)
        command = [sys.executable, "-X", "faulthandler", "-m", f"tests.soak.{program}", *arguments]
        done = subprocess.run(command, check=False)
        if done.returncode:
            print(f"{program}: FAILED with status {done.returncode}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
