"""What curtin's hooks need, from the folder they lie in: standard library only, no network."""


class HookError(Exception):
    """The deployment cannot go on; the message goes into curtin's log. It never holds a credential."""
