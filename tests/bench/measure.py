"""Runs one program and measures it: measure.py STDOUT PROGRAM ARGUMENTS...

Prints JSON: seconds of wall clock and of CPU, peak memory in bytes. The clock runs
from just before the program is started until it has ended, so neither this script's own start nor
a shell is in it. CPU time counts all processes of the program; peak memory is that of its largest
process, and never less than what this script itself has, some 10 MB.
"""

import json
import os
import signal
import sys
import time


def start(stdout_path, command):
    # Standard input is nothing; the process group lets us end helpers of the program as well.
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666),
    ]
    return os.posix_spawn(
        command[0], command, os.environ, file_actions=actions, setpgroup=0, setsigmask=[]
    )


def main():
    stdout_path, command = sys.argv[1], sys.argv[2:]
    # What earlier programs wrote goes to the disk now, not while this one is timed.
    os.sync()
    signals = [signal.SIGINT, signal.SIGTERM]
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    began = time.perf_counter()
    pid = start(stdout_path, command)

    def stop(number, _frame):
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os._exit(128 + number)

    for number in signals:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    _, status, usage = os.wait4(pid, 0)
    ended = time.perf_counter()
    print(json.dumps({
        "wallSeconds": ended - began,
        "userSeconds": usage.ru_utime,
        "systemSeconds": usage.ru_stime,
        "peakBytes": usage.ru_maxrss * 1024,
    }))
    return 0 if status == 0 else 1


sys.exit(main())
