"""A folder of the guest code imports from the folders that README.md allows it, and files import in no circle."""
import ast
import os
import re
import unittest

from support import GUEST

PACKAGES = ("common", "esxihook", "hostconf")
# Where the packages lie that do not stand at the top.
FOLDERS = {"esxihook": "curtin/esxihook"}
_ROW = re.compile(r"\| `(?P<folder>[a-z/]+)` +\| [^|]+ \| (?P<allowed>[^|]*)\|")


def allowed():
    """{folder: folders it may import from}, as README.md says; folders by the names that imports use."""
    with open(os.path.join(GUEST, "README.md"), encoding="utf-8") as file:
        section = file.read().partition("## Folders")[2].partition("\n## ")[0]
    table = {}
    for row in _ROW.finditer(section):
        names = ["hostconf/" + name if name != "common" else name for name in re.findall(r"`(\w+)`", row.group("allowed"))]
        table[re.sub(r"\Acurtin/", "", row.group("folder"))] = set(names)
    return table


def modules():
    """{module name: syntax tree} of all guest code that is imported."""
    found = {}
    for package in PACKAGES:
        top = os.path.join(GUEST, FOLDERS.get(package, package))
        for place, _, names in os.walk(top):
            for name in names:
                if name.endswith(".py"):
                    path = os.path.join(place, name)
                    parts = [package] + os.path.relpath(path, top)[:-len(".py")].split(os.sep)
                    with open(path, encoding="utf-8") as file:
                        found[".".join(part for part in parts if part != "__init__")] = ast.parse(file.read())
    return found


def imports(name, trees):
    """The modules that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(trees[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = "%s.%s" % (node.module, alias.name)
                found.add(inner if inner in trees else node.module)
    return {module for module in found if module.partition(".")[0] in PACKAGES}


def folder_of(module, trees):
    """The folder of a module: "common", "hostconf/host"; None for what stands above the folders."""
    parts = module.split(".")
    is_package = any(other.startswith(module + ".") for other in trees)
    folder = "/".join(parts if is_package else parts[:-1])
    return None if folder == "hostconf" else folder


def faults(trees, table):
    """Imports that the table does not allow, and circles."""
    found = []
    graph = {name: imports(name, trees) for name in trees}
    for name in sorted(graph):
        for other in sorted(graph[name]):
            mine, theirs = folder_of(name, trees), folder_of(other, trees)
            if other not in trees:
                found.append("%s imports %s, which is not there" % (name, other))
            elif mine is not None and mine != theirs and theirs not in table[mine]:
                found.append("%s imports %s" % (name, other))
    return found + ["circle: " + " → ".join(circle) for circle in circles(graph)]


def circles(graph):
    """Every module that can be reached from itself, with the way."""
    found = []
    for start in sorted(graph):
        ways = [[start, other] for other in sorted(graph[start])]
        seen = set()
        while ways:
            way = ways.pop(0)
            if way[-1] == start:
                found.append(way)
                break
            if way[-1] not in seen:
                seen.add(way[-1])
                ways += [way + [other] for other in sorted(graph.get(way[-1], ()))]
    return found


class LayersTest(unittest.TestCase):
    def test_imports_go_down(self):
        trees = modules()
        self.assertGreater(len(trees), 50)
        self.assertEqual(faults(trees, allowed()), [])

    def test_the_table_names_every_folder_and_goes_down_itself(self):
        table, trees = allowed(), modules()
        self.assertEqual({folder_of(name, trees) for name in trees} - {None}, set(table))
        self.assertEqual(circles(table), [])

    def test_the_check_sees_what_it_should(self):
        def tree(text):
            return ast.parse(text)
        table = {"common": set(), "hostconf/host": {"common"}}
        names = {"common": "", "hostconf": "", "hostconf.host": ""}
        up = dict(names, **{"common.a": "from hostconf.host import b", "hostconf.host.b": ""})
        circle = dict(names, **{"hostconf.host.a": "def f():\n from hostconf.host import b", "hostconf.host.b": "from hostconf.host.a import f"})
        good = dict(names, **{"hostconf.host.a": "from common.b import x", "common.b": "x = 1"})
        for sources, wanted in ((up, ["common.a imports hostconf.host.b"]), (good, []),
                                (circle, ["circle: hostconf.host.a → hostconf.host.b → hostconf.host.a",
                                          "circle: hostconf.host.b → hostconf.host.a → hostconf.host.b"])):
            trees = {name: tree(text) for name, text in sources.items()}
            self.assertEqual(faults(trees, table), wanted)


if __name__ == "__main__":
    unittest.main()
