"""The ways in which a command of the fake host fails."""


class EsxiError(Exception):
    """A run-time failure: one bare sentence, exit status 1."""


class UsageError(EsxiError):
    """A command line that the parser refuses; `usage` is printed after the sentence when known."""

    def __init__(self, sentence, usage=""):
        super().__init__(sentence)
        self.usage = usage


class BootError(Exception):
    """The boot loader would stop: the message is what the console would show."""
