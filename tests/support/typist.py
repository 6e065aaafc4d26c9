"""Runs a program on a terminal and types: typist.py STEPS COMMAND...

STEPS is JSON, [[prompt, keys], ...]; each waits until the terminal shows the prompt. Prints JSON:
what the terminal showed, the exit status (negative for a signal), and whether it still echoes.
"""
import json
import os
import pty
import select
import sys
import termios
import time

SECONDS = 60


def main(steps, command):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    shown = b""
    end = time.monotonic() + SECONDS
    at = 0
    while time.monotonic() < end:
        if steps and steps[0][0].encode() in shown[at:]:
            at = len(shown)
            os.write(terminal, steps.pop(0)[1].encode())
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                more = os.read(terminal, 4096)
            except OSError:
                break
            if not more:
                break
            shown += more
    else:
        os.kill(pid, 9)
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(json.dumps({"shown": shown.decode(), "status": status, "echoes": echoes}))


main(json.loads(sys.argv[1]), sys.argv[2:])
