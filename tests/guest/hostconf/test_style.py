"""The guest code runs on old Pythons and small shells: judged here by the grammar, shellcheck and the file system."""
import ast
import os
import re
import stat
import subprocess
import sys
import unittest

from support import GUEST

# Names that Python 3.5 lacks though its grammar takes them: keyword arguments, methods and modules.
LATER_KEYWORDS = {"capture_output", "text", "missing_ok", "dirs_exist_ok", "exist_ok_parents"}
LATER_METHODS = {"removeprefix", "removesuffix", "isascii", "fromisoformat", "readlink", "bit_count", "is_relative_to",
                 "with_stem", "unlink_missing"}
LATER_MODULES = {"dataclasses", "contextvars", "graphlib", "zoneinfo", "tomllib", "secrets", "importlib.resources"}
# Standard library modules that an installer's Python may lack.
ABSENT_MODULES = {"crypt", "tkinter", "multiprocessing", "ensurepip", "venv", "test", "sqlite3", "curses", "readline"}


def python_files():
    for folder, _, names in os.walk(GUEST):
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.join(folder, name)


def shell_files():
    return [os.path.join(GUEST, name) for name in sorted(os.listdir(GUEST)) if name.endswith(".sh")]


def faults(source, name="x"):
    """What in the source Python 3.5 would not run."""
    found = []
    try:
        tree = ast.parse(source, filename=name, feature_version=(3, 5))
    except SyntaxError as error:
        return ["line %s: %s" % (error.lineno, error.msg)]
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign)):
            found.append("line %d: %s" % (line, type(node).__name__))
        if isinstance(node, (ast.FunctionDef, ast.Lambda)) and getattr(node.args, "posonlyargs", []):
            found.append("line %d: positional-only parameters" % line)
        if isinstance(node, ast.FunctionDef) and (node.returns or any(arg.annotation for arg in node.args.args)):
            found.append("line %d: annotations" % line)
        if isinstance(node, (ast.AsyncFunctionDef, ast.Await)):
            found.append("line %d: async" % line)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            if "_" in ast.get_source_segment(source, node):
                found.append("line %d: underscore in a number" % line)
        if isinstance(node, ast.Call):
            found += _call_faults(node, source)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            found += ["line %d: module %s" % (line, module) for module in modules
                      if module in LATER_MODULES | ABSENT_MODULES or module.split(".")[0] in ABSENT_MODULES]
    return found


def _call_faults(node, source):
    found = ["line %d: keyword %s" % (node.lineno, keyword.arg) for keyword in node.keywords
             if keyword.arg in LATER_KEYWORDS or (keyword.arg == "encoding" and "Popen" in ast.dump(node.func))]
    if isinstance(node.func, ast.Attribute) and node.func.attr in LATER_METHODS:
        found.append("line %d: method %s" % (node.lineno, node.func.attr))
    # A comma after *args or **kwargs in a call or definition is 3.6 and later.
    starred = [arg for arg in node.args if isinstance(arg, ast.Starred)] + [k for k in node.keywords if k.arg is None]
    if starred and re.search(r",\s*\)\Z", ast.get_source_segment(source, node)):
        found.append("line %d: comma after the last star argument" % node.lineno)
    return found


class StyleTest(unittest.TestCase):
    def test_python_3_5(self):
        checked = 0
        for path in python_files():
            with open(path, encoding="utf-8") as file:
                self.assertEqual(faults(file.read(), path), [], path)
            checked += 1
        self.assertGreater(checked, 25)

    def test_the_check_sees_what_it_should(self):
        for source in ("f'{x}'", "x = (y := 1)", "x: int = 1", "def f(a, /): pass", "def f(a: int): pass", "1_000",
                       "run(a, capture_output=True)", "'a'.removeprefix('a')", "import dataclasses", "import crypt",
                       "f(*a,)",
                       "f(a, **b,)", "async def f(): pass", "with (open(a) as b, open(c) as d): pass",
                       "match x:\n case 1: pass",
                       "def f(): return *a, 1\nx = 1_0"):
            self.assertNotEqual(faults(source), [], source)
        for source in ("f(*a)", "f(*a, b=1)", "x = 10", "'%s' % x", "f(a,)", "yield_ = {**{}}"):
            self.assertEqual(faults(source), [], source)

    def test_only_the_standard_library(self):
        for path in python_files():
            with open(path, encoding="utf-8") as file:
                tree = ast.parse(file.read())
            for node in ast.walk(tree):
                modules = []
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    self.assertEqual(node.level, 0, path)
                    modules = [node.module]
                for module in modules:
                    top = module.split(".")[0]
                    self.assertTrue(top in ("common", "esxihook", "hostconf") or top in sys.stdlib_module_names, (path, module))

    def test_shellcheck(self):
        files = shell_files()
        self.assertEqual([os.path.basename(path) for path in files], ["firstbt.sh", "post.sh", "pre.sh"])
        done = subprocess.run(["shellcheck", "-s", "dash"] + files, stdout=subprocess.PIPE)
        self.assertEqual(done.stdout.decode(), "")
        for path in files:
            subprocess.run(["busybox", "ash", "-n", path], check=True)

    def test_no_exec_bits(self):
        for path in list(python_files()) + shell_files():
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o111, 0, path)

    def test_names_for_boot_modules_are_short(self):
        """Names at the top of the payload keep to eight characters, a dot and three."""
        for name in os.listdir(GUEST):
            if name.endswith(".sh"):
                self.assertRegex(name, r"\A[a-z0-9]{1,8}\.[a-z]{1,3}\Z")


if __name__ == "__main__":
    unittest.main()
