"""The file tree of the fake host: a folder of the machine, or a dictionary for tests in memory.

Paths are those of the host ("/etc/ntp.conf"); a symbolic link's target counts from the host's root too.
"""
import os
import posixpath


class FolderFiles:
    """Below `root`. Absolute links are made relative, so that they stay inside the sandbox."""

    def __init__(self, root):
        self.root = os.path.abspath(root)

    def real(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, path):
        """The bytes, or None when there is no such file."""
        try:
            with open(self.real(path), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def write(self, path, data, mode=0o644):
        real = self.real(path)
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        os.chmod(real, mode)

    def mode(self, path):
        return os.stat(self.real(path)).st_mode & 0o7777

    def folder(self, path):
        os.makedirs(self.real(path), exist_ok=True)

    def link(self, path, target):
        """Make `path` a symbolic link to the host's `target`, replacing what is there."""
        self.remove(path)
        real = self.real(path)
        os.makedirs(os.path.dirname(real), exist_ok=True)
        relative = posixpath.relpath(target, posixpath.dirname(path)) if target.startswith("/") else target
        os.symlink(relative, real)

    def exists(self, path):
        return os.path.lexists(self.real(path))

    def is_folder(self, path):
        return os.path.isdir(self.real(path)) and not os.path.islink(self.real(path))

    def names(self, path):
        try:
            return sorted(os.listdir(self.real(path)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def remove(self, path):
        """Remove a file, link or whole folder; nothing happens when it is not there."""
        real = self.real(path)
        if os.path.isdir(real) and not os.path.islink(real):
            import shutil  # slow to load, and most commands remove nothing
            shutil.rmtree(real)
        elif os.path.lexists(real):
            os.remove(real)


class MemoryFiles:
    """The same in a dictionary: folders are None, links are ('->', target)."""

    def __init__(self):
        self.tree = {}
        self.modes = {}

    def _follow(self, path):
        path = posixpath.normpath(path)
        for _ in range(10):
            parts = path.split("/")
            for length in range(2, len(parts) + 1):
                head = "/".join(parts[:length])
                entry = self.tree.get(head)
                if isinstance(entry, tuple):
                    target = posixpath.join(posixpath.dirname(head), entry[1])
                    path = posixpath.normpath("/".join([target, *parts[length:]]))
                    break
            else:
                break
        return path

    def _place(self, path):
        """The path with links in its folder followed, but not the link that it may be itself."""
        path = posixpath.normpath(path)
        return posixpath.join(self._follow(posixpath.dirname(path)), posixpath.basename(path))

    def read(self, path):
        data = self.tree.get(self._follow(path))
        return data if isinstance(data, bytes) else None

    def write(self, path, data, mode=0o644):
        path = self._follow(path)
        self.folder(posixpath.dirname(path))
        self.tree[path] = data.encode() if isinstance(data, str) else data
        self.modes[path] = mode

    def mode(self, path):
        return self.modes[self._follow(path)]

    def folder(self, path):
        path = self._follow(path)
        while path not in ("/", ""):
            self.tree.setdefault(path, None)
            path = posixpath.dirname(path)

    def link(self, path, target):
        self.remove(path)
        self.folder(posixpath.dirname(path))
        self.tree[self._place(path)] = ("->", target)

    def exists(self, path):
        return self._place(path) in self.tree

    def is_folder(self, path):
        path = self._place(path)
        return path in self.tree and self.tree[path] is None

    def names(self, path):
        base = self._follow(path).rstrip("/") + "/"
        return sorted({name[len(base):].split("/")[0] for name in self.tree if name.startswith(base)})

    def remove(self, path):
        path = self._place(path)
        for name in [name for name in self.tree if name == path or name.startswith(path + "/")]:
            del self.tree[name]
            self.modes.pop(name, None)
