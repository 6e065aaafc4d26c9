"""The programs esxcli and localcli: parse, check that hostd answers, carry out, print."""
from . import argv, grammar, output
from .errors import EsxiError, UsageError
from .registry import ESXCLI, program

NO_HOSTD = "Connect to localhost failed: Connection failure"
GENERAL_ERROR = "Sysinfo error: Operation failed. See VMkernel log for details."
# Run-time errors whose text was seen on real hosts.
_SEEN = ("Unable to Set: Busy", "this name already exists", "Not a valid pnic", "Unable to find option",
         "Unable to find requested formatter", "Can not change allowed ip list", "Error: ")
_FORMATTERS = ("csv", "keyvalue", "xml", "json")


def _full_underline(world):
    chosen = world.switch("description_underline")
    return not world.at_least("7.0") if chosen == "by-release" else chosen == "full"


def _print(world, result, settings, name):
    formatter = settings["formatter"]
    if formatter == "csv":
        return output.csv(result, world.switch("csv_layout") == "alphabetical")
    if formatter:
        return {"keyvalue": output.keyvalue, "xml": output.xml, "json": output.as_json}[formatter](result)
    return output.simple(result, colon_after_key=name == "localcli", full_underline=_full_underline(world))


def _check_formatter(world, settings):
    formatter = settings["formatter"]
    known = formatter is None or formatter in _FORMATTERS
    if formatter == "json":
        chosen = world.switch("json_formatter")
        known = world.at_least("7.0") and (chosen == "always" or (chosen == "with-debug" and settings["debug"]))
    if not known:
        raise EsxiError(f"Unable to find requested formatter: {formatter}")


def _carry_out(world, words, name):
    settings, words = argv.split_globals(words)
    _check_formatter(world, settings)
    table = grammar.for_host(world.release, world.state["variant"], name)
    command, path, rest = argv.find(words, table)
    if command is None:
        text = argv.namespace_help(path, table)
        if settings["help"] or (rest and rest[0] in argv.HELP):
            return text
        raise UsageError(f"Error: Invalid option {rest[0]}" if rest else text)
    if settings["help"] or any(word in argv.HELP for word in rest):
        return argv.usage(command, path)
    options = argv.parse(command, path, rest, world.switches)
    options["_path"] = path
    options["_program"] = name
    return _print(world, ESXCLI[path](world, options), settings, name)


@program("esxcli", "localcli")
def run(world, words, _stdin, name="esxcli"):
    """(status, text on stdout[, text on stderr])."""
    if name == "esxcli" and not world.notice_call():
        return _fail(world, NO_HOSTD)
    try:
        return 0, _carry_out(world, list(words), name)
    except UsageError as error:
        return _fail(world, f"{error}\n\n{error.usage}".rstrip("\n"))
    except EsxiError as error:
        text = str(error)
        if world.switch("runtime_wording") == "sysinfo" and not any(seen in text for seen in _SEEN):
            text = GENERAL_ERROR
        return _fail(world, text)


def _fail(world, text):
    if world.switch("error_stream") == "stderr":
        return 1, "", text + "\n"
    return 1, text + "\n"
