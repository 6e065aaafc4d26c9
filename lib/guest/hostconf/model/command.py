"""One step of a plan: a command, and what the runner may do when it fails."""

from common import quoting


class Command:
    """A command of the host.

    argv         the words; argv[0] is esxcli, vim-cmd or sh
    retries      how often it is tried again when it fails (a link may still be coming up)
    alternative  another Command to try when it keeps failing (releases differ), or None
    optional     its failure is reported and does not count
    blind        it is planned because the present state could not be read
    secret       words that must not be shown
    instead_of   (name, other): it removes the VMkernel interface `name`, and `other` takes its place. It is run when
                 `other` has an IPv4 address, or `name` has none; otherwise it fails, and trying again is no use
    ensure_line  (path, line) for "this line is in that file": argv does the same in shell
    """

    def __init__(self, *argv, **how):
        self.argv = list(argv)
        self.retries = how.pop("retries", 0)
        self.alternative = how.pop("alternative", None)
        self.optional = how.pop("optional", False)
        self.blind = how.pop("blind", False)
        self.secret = how.pop("secret", ())
        self.instead_of = how.pop("instead_of", None)
        self.ensure_line = how.pop("ensure_line", None)
        if how:
            raise TypeError("unknown argument %s" % ", ".join(sorted(how)))

    def shell(self):
        """The command as one line that sh reads back as argv."""
        return " ".join(quoting.argument(word) for word in self.argv)

    def masked(self):
        """The same for logs: secrets are replaced in the words, before these are quoted."""
        words = self.argv
        for secret in self.secret:
            words = [word.replace(secret, quoting.MASK) for word in words]
        return " ".join(quoting.argument(word) for word in words)


def ensure_line(path, line):
    """The command that appends a line to a file unless the file has it."""
    script = 'grep -qxF -- "$2" "$1" || printf "%s\\n" "$2" >> "$1"'
    return Command("sh", "-c", script, "sh", path, line, ensure_line=(path, line))
