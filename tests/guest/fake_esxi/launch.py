"""Entry of the launchers: run one command on the host they belong to, exit with its status."""
import sys


def main(argv, root):
    """`root` is the host's root folder, as programs of the host see it."""
    from . import attach
    from .host import HANGS
    stdin = "" if sys.stdin is None or sys.stdin.isatty() else _read_stdin(argv)
    status, stdout, stderr = attach(root).run(argv, stdin)
    if status == HANGS:
        import time
        time.sleep(3600)
    sys.stdout.write(stdout)
    sys.stderr.write(stderr)
    sys.exit(status)


def _read_stdin(argv):
    """Only commands that ask questions read their input; the others must not eat a script's."""
    from .catalogue import READS_STDIN, program_name
    return sys.stdin.read() if program_name(argv[0]) in READS_STDIN else ""
