"""`sh -c` for callers in this process, in the one form that feeds an answer to a command: `echo TEXT | COMMAND`."""
import re
import shlex


def pipeline(words):
    """(argv, stdin) of `-c 'echo TEXT | COMMAND' NAME ARGUMENTS…`, or None for anything else."""
    if len(words) < 2 or words[0] != "-c":
        return None
    echo, bar, command = words[1].partition("|")
    if not bar or "|" in command or shlex.split(echo)[:1] != ["echo"]:
        return None
    arguments = words[3:]

    def value(match):
        at = int(match.group(1)) - 1
        return shlex.quote(arguments[at]) if at < len(arguments) else "''"

    text = re.sub(r'"\$(\d)"', value, command)
    if set(text) & set("$;&<>`"):
        return None
    return shlex.split(text), " ".join(shlex.split(echo)[1:]) + "\n"
