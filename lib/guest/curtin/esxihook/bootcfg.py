"""Edit an installer's boot.cfg, by the rules of VMware's boot loader.

Lines end at LF, a CR before it is white space, "#" begins a comment, keys are case-insensitive, of duplicates the
last counts, and modules are separated by " --- ". A space before the equals sign makes the loader ignore the line.
Texts are a file's content with one character for each byte (Latin-1); `name` says which file it is, for messages.
Editing a second time changes nothing.
"""

import re

from esxihook import HookError

# Above these the boot loader hangs or stops without a word (vmware/esx-boot).
MAX_MODULES = 240
MAX_MODULE_CHARACTERS = 255
MAX_COMMAND_LINE_CHARACTERS = 4095

_SEPARATOR = " --- "
_LINE = re.compile(r"\s*([^=]*)=(.*)\Z", re.DOTALL)


def append_module(text, module, name):
    """The text with the module at the end of its list.

    @param module: path from the volume's root, such as "/hostdesc.tgz"
    @raise HookError: when the loader would misread the file or reach one of its limits
    """
    value = _value(text, "modules", name)
    if value is None:
        raise HookError("%s has no modules line: this is not an ESXi installer" % name)
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
    return _with_value(text, "modules", value + _SEPARATOR + module if value else module, name)


def add_kernel_option(text, option, others, name):
    """The text with an option of the form NAME=VALUE, unless that option or one of the others is given already.

    @param others: names of options that decide the same thing
    @raise HookError: when the loader would misread the file or reach one of its limits
    """
    value = _value(text, "kernelopt", name) or ""
    taken = [other.lower() for other in (option.partition("=")[0],) + tuple(others)]
    if any(word.partition("=")[0].lower() in taken for word in value.split()):
        return text
    value = (value + " " + option).strip()
    line = "%s %s" % (_value(text, "kernel", name) or "", value)
    if len(line) > MAX_COMMAND_LINE_CHARACTERS:
        raise HookError("%s: kernel and kernelopt have %d characters; the boot loader hangs above %d"
                        % (name, len(line), MAX_COMMAND_LINE_CHARACTERS))
    return _with_value(text, "kernelopt", value, name)


def major_version(text, name):
    """The first number of the build line, such as 8; None where it is empty, as before 7.0."""
    match = re.match(r"(\d+)\.", _value(text, "build", name) or "")
    return int(match.group(1)) if match else None


def _value(text, key, name):
    """What the loader takes for a key, or None."""
    at = _line_of(text.split("\n"), key, name)
    return None if at is None else _LINE.match(text.split("\n")[at]).group(2).strip()


def _with_value(text, key, value, name):
    """The text with another value in the line that the loader reads; a line is added where there is none."""
    lines = text.split("\n")
    at = _line_of(lines, key, name)
    end = "\r" if "\r\n" in text else ""
    if at is None:
        if lines[-1]:
            lines[-1] += end
            lines.append("")
        lines[-1:] = ["%s=%s%s" % (key, value, end), ""]
    else:
        end = "\r" if lines[at].endswith("\r") else ""
        lines[at] = lines[at][:lines[at].index("=") + 1] + value + end
    return "\n".join(lines)


def _line_of(lines, key, name):
    """Number of the last line with the key, or None. @raise HookError: when the loader would ignore it"""
    found = None
    for i, line in enumerate(lines):
        match = _LINE.match(line)
        if line.startswith("#") or not match:
            continue
        given = match.group(1).lower()
        if given == key:
            found = i
        elif given.strip() == key:
            raise HookError("%s: the boot loader ignores line %d, which has a space before the equals sign"
                            % (name, i + 1))
    return found
