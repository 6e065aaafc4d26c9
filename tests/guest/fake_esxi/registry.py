"""Which function carries out which command of esxcli, and which program of the host."""

ESXCLI = {}  # path of an esxcli command -> function(world, options) -> result to print
PROGRAMS = {}  # name of a program -> function(world, words, stdin) -> (status, stdout)


def command(*paths):
    """Register a function for one or several esxcli commands."""
    def register(function):
        for path in paths:
            ESXCLI[tuple(path.split())] = function
        return function
    return register


def program(*names):
    """Register a function for a program on the host's PATH."""
    def register(function):
        for name in names:
            PROGRAMS[name] = function
        return function
    return register
