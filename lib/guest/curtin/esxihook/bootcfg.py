"""Append a boot module to an installer's boot.cfg, by the rules of VMware's boot loader.

Lines end at LF, a CR before it is white space, "#" begins a comment, keys are case-insensitive, of duplicates the
last counts, and modules are separated by " --- ". A space before the equals sign makes the loader ignore the line.
"""

import re

from esxihook import HookError

# Above these the boot loader hangs or stops without a word (vmware/esx-boot).
MAX_MODULES = 240
MAX_MODULE_CHARACTERS = 255

_SEPARATOR = " --- "
_LINE = re.compile(r"\s*([^=]*)=(.*)\Z", re.DOTALL)


def append_module(text, module, name):
    """The text of a boot.cfg with the module at the end of its list; unchanged when it is there already.

    @param text: the file's content, one character for each byte (Latin-1)
    @param module: path from the volume's root, such as "/hostdesc.tgz"
    @param name: which file it is, for messages
    @raise HookError: when the loader would misread the file or reach one of its limits
    """
    lines = text.split("\n")
    at = _modules_line(lines, name)
    value = _LINE.match(lines[at]).group(2)
    carriage_return = "\r" if value.endswith("\r") else ""
    value = value.strip()
    modules = [part.strip() for part in value.split("---") if part.strip()]
    if module.lower() in [part.split()[0].lower() for part in modules]:
        return text
    modules.append(module)
    if len(modules) > MAX_MODULES:
        raise HookError("%s would name %d modules; the boot loader hangs above %d" % (name, len(modules), MAX_MODULES))
    for part in modules:
        if len(part) > MAX_MODULE_CHARACTERS:
            raise HookError("%s names a module of %d characters; the boot loader stops above %d"
                            % (name, len(part), MAX_MODULE_CHARACTERS))
    start = lines[at].index("=") + 1
    lines[at] = lines[at][:start] + (value + _SEPARATOR if value else "") + module + carriage_return
    return "\n".join(lines)


def _modules_line(lines, name):
    """Number of the line that the loader takes its modules from."""
    found = None
    for i, line in enumerate(lines):
        match = _LINE.match(line)
        if line.startswith("#") or not match:
            continue
        key = match.group(1).lower()
        if key == "modules":
            found = i
        elif key.strip() == "modules":
            raise HookError("%s: the boot loader ignores line %d, which has a space before the equals sign"
                            % (name, i + 1))
    if found is None:
        raise HookError("%s has no modules line: this is not an ESXi installer" % name)
    return found
