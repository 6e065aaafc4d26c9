"""Answers cases, a line each, within bounds of memory and time."""
import faulthandler
import json
import resource
import sys

# A case takes milliseconds. One that takes minutes would never end.
CASE_SECONDS = 120


def run(answer, memory_bytes):
    """Print what answer(line) gives, as JSON, for each line of standard input; end where a case does not."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for line in sys.stdin:
        faulthandler.dump_traceback_later(CASE_SECONDS, exit=True)
        print(json.dumps(answer(line)), flush=True)
        faulthandler.cancel_dump_traceback_later()
