"""Read and edit a boot.cfg by the rules of VMware's boot loader (vmware/esx-boot).

- Lines end at LF, a CR before it is white space, "#" at the start of a line is a comment.
- Keys are case-insensitive, unknown ones are ignored, of duplicates the last counts.
- "key =", with a space before the sign, is ignored, and "mod=" is taken for "modules=".
- Modules are separated by "---", the first space inside one begins its options.
- "/x" is relative to the volume, "x" to prefix or else to the folder of boot.cfg; lengths count after that.
- A key that wants a number and gets something else ends the boot, and so does "skip=1".

Texts are a file's content with one character for each byte (Latin-1); `name` says which file it is, for messages.
Lines that are not edited stay as they are. lib/esxi/boot_cfg.ts does the same when the image is built; both are held
to testdata/boot_cfg_vectors.json.
"""

import re

# Above these the boot loader hangs or stops without a word.
MAX_MODULES = 240
MAX_MODULE_CHARACTERS = 255
MAX_COMMAND_LINE_CHARACTERS = 4095

_SEPARATOR = " --- "
# C's white space; Python's has more.
_BLANKS = " \t\v\f\r"
# The keys that the loader knows, in the order in which it compares them with a line.
_KEYS = ("kernel kernelopt modules title prefix nobootif timeout noquirks norts crypto runtimewd tftpblksize "
         "acpitables runtimewdtimeout skip errtimeout").split()
# Those of them that want a number; nothing counts as 0.
_NUMBER_KEYS = "nobootif timeout noquirks norts runtimewd tftpblksize runtimewdtimeout skip errtimeout".split()
_NUMBER = re.compile(r"-?[0-9]*\Z")
_BYTE_ORDER_MARK = "\xef\xbb\xbf"
# White space to the newest loader, to older ones what happens to lie in their memory.
_A0 = "\xa0"


class BootCfgError(ValueError):
    """The loader would misread the file or reach one of its limits."""


def settings(text):
    """{key: value} as the loader takes the file, whatever it holds; nothing is refused."""
    return dict((key, value) for _, key, _, value in _lines(text))


def edit(text, name, modules=(), kernel_options=(), folder=""):
    """The text with modules and kernel options appended, each unless it is there. Editing again changes nothing.

    An option NAME=VALUE replaces one of that name.

    @param modules: paths from the volume's root, such as "/hostdesc.tgz", or in a boot bank names
    @param kernel_options: each one or several words
    @param folder: that of the file on its volume, without a slash at either end: relative paths begin there
    @raise BootCfgError: when the loader would misread the file or reach one of its limits
    """
    _refuse_misread(text, name)
    end = "\r" if "\r\n" in text else ""
    values = settings(text)
    listed = values.get("modules", "")
    present = [_path(part).lower() for part in module_list(listed)]
    added = [module for module in modules if module.lower() not in present]
    if added:
        items = listed.split("---")
        if not items[-1].strip(_BLANKS):
            # A separator at the end is harmless until something follows it.
            listed = "---".join(items[:-1]).strip(_BLANKS)
        text = _with_value(text, "modules", _SEPARATOR.join(([listed] if listed else []) + added), end)
    words = before = _words(values.get("kernelopt", ""))
    for option in kernel_options:
        words = _with_option(words, _words(option))
    if words != before:
        text = _with_value(text, "kernelopt", " ".join(words), end)
    _check_limits(settings(text), name, folder)
    return text


def _with_option(words, option):
    """The words with those of an option: in place of others of the same name, else behind them."""
    if _has_run(words, option):
        return words
    kept, added = list(words), []
    for word in option:
        same = [other for other in kept if _option_name(word) and _option_name(other) == _option_name(word)]
        if not same:
            added.append(word)
            continue
        at = kept.index(same[0])
        kept = kept[:at] + [word] + [other for other in kept[at + 1:] if _option_name(other) != _option_name(word)]
    return kept if _has_run(kept, added) else kept + added


def _has_run(words, run):
    """Whether words stand in others one after the other."""
    return not run or " %s " % " ".join(run) in " %s " % " ".join(words)


def _option_name(word):
    """The name of an option that has a value, or None."""
    name, equals, _ = word.partition("=")
    return name if name and equals else None


def without_modules(text, modules):
    """The text with modules taken out of the list that the loader reads. Nothing is refused."""
    listed = module_list(settings(text).get("modules", ""))
    unwanted = [module.lower() for module in modules]
    kept = [part for part in listed if _path(part).lower() not in unwanted]
    return text if kept == listed else _with_value(text, "modules", _SEPARATOR.join(kept))


def module_list(value):
    """The modules in a value of modules=, each with its options."""
    return [part.strip(_BLANKS) for part in value.split("---") if part.strip(_BLANKS)]


def has_option(text, names):
    """Whether the kernel gets an option NAME or NAME=VALUE of one of the names, in any case."""
    wanted = [name.lower() for name in names]
    return any(word.partition("=")[0].lower() in wanted for word in _words(settings(text).get("kernelopt", "")))


def major_version(text):
    """The first number of the build line, such as 8; None where it is empty, as before 7.0."""
    match = re.match(r"(\d+)\.", settings(text).get("build", ""))
    return int(match.group(1)) if match else None


def _words(value):
    return [word for word in re.split("[%s]+" % _BLANKS, value) if word]


def _path(module):
    """A module's path, without its options."""
    return _words(module)[0]


def _lines(text):
    """(line number, key, name as it is written, value) of each line that the loader takes for a setting."""
    found = []
    for number, line in enumerate(text.split("\n")):
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            name = name.lstrip(_BLANKS).lower()
            key = next((known for known in _KEYS if known.startswith(name)), name)
            found.append((number, key, name, value.strip(_BLANKS)))
    return found


def _with_value(text, key, value, end=""):
    """The text with another value in the line that the loader reads.

    @param end: what stands before the LF of a line that is added where there is none
    """
    lines = text.split("\n")
    at = [number for number, found, _, _ in _lines(text) if found == key]
    if at:
        line = lines[at[-1]]
        lines[at[-1]] = line[:line.index("=") + 1] + value + ("\r" if line.endswith("\r") else "")
        return "\n".join(lines)
    if lines[-1]:
        lines[-1] += end
        lines.append("")
    lines[-1:] = ["%s=%s%s" % (key, value, end), ""]
    return "\n".join(lines)


def _refuse_misread(text, name):
    """@raise BootCfgError: when the loader would read a line otherwise than who wrote it"""
    if text.startswith(_BYTE_ORDER_MARK):
        raise BootCfgError("%s begins with a byte order mark" % name)
    if "\0" in text:
        raise BootCfgError("%s holds a NUL byte" % name)
    for number, _, given, value in _lines(text):
        plain = given.replace(_A0, " ").strip(_BLANKS)
        meant = next((known for known in _KEYS if known.startswith(plain)), plain)
        if meant in _KEYS and (_A0 in given or _A0 in value and meant != "title"):
            raise BootCfgError("%s: line %d holds the byte A0, which some releases of the boot loader take for a space"
                               % (name, number + 1))
        if meant in _KEYS and plain == meant and given != meant:
            raise BootCfgError("%s: the boot loader ignores line %d, which has a space before the equals sign"
                               % (name, number + 1))
        # No name at all is one more abbreviation of the first key, and harmless.
        if meant in _KEYS and given and plain != meant:
            raise BootCfgError("%s: the boot loader takes line %d for %s=" % (name, number + 1, meant))
        if meant in _NUMBER_KEYS and not _NUMBER.match(value):
            raise BootCfgError("%s: line %d: %s= wants a number, the boot loader stops at anything else"
                               % (name, number + 1, meant))
    for key, what in (("modules", "module"), ("acpitables", "ACPI table")):
        found = [(number, value) for number, other, _, value in _lines(text) if other == key]
        items = found[-1][1].split("---") if found else []
        empty = [at for at, item in enumerate(items[:-1]) if not item.strip(_BLANKS)]
        if empty:
            raise BootCfgError("%s: line %d names an empty %s, item %d of %s=: the boot loader drops the first character "
                               "of the next one" % (name, found[-1][0] + 1, what, empty[0] + 1, key))
    if settings(text).get("skip", "").strip("-0"):
        raise BootCfgError("%s: skip= makes the boot loader give up" % name)


def loader_path(path, values, folder):
    """A path as the loader makes it of one in a boot.cfg, whose characters are what it counts."""
    base = values.get("prefix") or ("/" + folder if folder else "")
    if base and path[:1] not in ("/", "\\"):
        path = base + "/" + path
    return re.sub(r"[/\\]+", "/", re.sub("[%s]" % _BLANKS, "", path))


def _check_limits(values, name, folder):
    modules = module_list(values.get("modules", ""))
    kernel = loader_path(values.get("kernel", ""), values, folder)
    line = "%s %s" % (kernel, " ".join(_words(values.get("kernelopt", ""))))
    if len(line) > MAX_COMMAND_LINE_CHARACTERS:
        raise BootCfgError("%s: kernel and kernelopt have %d characters as the boot loader counts them; it hangs above %d"
                           % (name, len(line), MAX_COMMAND_LINE_CHARACTERS))
    if len(modules) > MAX_MODULES:
        raise BootCfgError("%s names %d modules; the boot loader hangs above %d" % (name, len(modules), MAX_MODULES))
    for module in modules:
        path = _path(module)
        length = len(" ".join([loader_path(path, values, folder)] + _words(module[len(path):])))
        if length > MAX_MODULE_CHARACTERS:
            raise BootCfgError("%s: the module %s has %d characters of path and options as the boot loader counts them; "
                               "it stops above %d" % (name, path[:40], length, MAX_MODULE_CHARACTERS))
