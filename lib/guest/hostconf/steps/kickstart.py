"""%pre and the user's own kickstart: its scripts run after ours, and the files that it includes are fitted to ours.

The build merged that kickstart with ours and says in image.json, below "kickstart", what it holds: whether it has a
`network` command, which files it includes, and its %pre scripts. A file that one of these writes may
hold commands that we include too; the installer must find each of them once.
"""

import os
import sys

from hostconf.host.places import INCLUDES, PAYLOAD, write_private
from hostconf.planning import ksfiles

SCRIPT_SECONDS = 3600


def run_scripts(facts, host, log):
    """Run the %pre scripts in order. Their exit statuses stop nothing, as the installer's own do not."""
    for script in facts.get("pre") or []:
        path = host.path(PAYLOAD + "/" + script["file"])
        # As pre.sh called it: the name is on the path.
        program = os.path.basename(sys.executable) if script["interpreter"] == "python" else "sh"
        status, output = host.run([program, path], SCRIPT_SECONDS)
        log.info("%%pre of your kickstart, %s, ended with exit status %d" % (script["file"], status))
        for line in output.splitlines():
            log.info("%s: %s" % (script["file"], line))


def fit_includes(facts, better, install, host, log):
    """Fit the files that the kickstart includes to ours.

    A command that stands in one of them is used if we have no better one; otherwise it is commented out there.

    @param better: the topics (rootpw, network) of which metadata or build know more than any kickstart
    @param install: the function from an `install` line's verb and arguments to the line for this machine
    @return: the topics that the files bring
    """
    found = set()
    for name in facts.get("includes") or []:
        try:
            with open(host.path(name), encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read()
        except OSError as error:
            log.warn("the kickstart includes %s, which cannot be read: %s" % (name, error.strerror))
            continue
        changed, topics = _fit(text, better, install)
        found |= topics
        if changed != text:
            _rewrite(host.path(name), changed)
            log.info("kickstart: %s was fitted to this machine" % name)
    for topic in sorted(found):
        if topic not in better:
            # %post reads from the disk's file where ESXi was installed.
            content = "".join("# %s\n" % line for line in _disk_lines(facts, host)) if topic == "disk" else ""
            write_private(host.path(INCLUDES + "/" + topic),
                          "# A file that your kickstart includes has this command.\n" + content)
    return found


def _fit(text, better, install):
    """The text of an included file for this machine, and the topics that it brings."""
    topics = set()
    result = []
    for line in text.split("\n"):
        words = line.split(None, 1)
        topic = ksfiles.TOPICS.get(words[0]) if words else None
        if topic is not None:
            topics.add(topic)
            if topic == "disk":
                line = install(words[0], words[1] if len(words) > 1 else "")
            elif topic in better:
                line = "# replaced: " + words[0]
        result.append(line)
    return "\n".join(result), topics


def _rewrite(path, text):
    """Another content for a file that keeps its mode."""
    with open(path, "r+", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.truncate()
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _disk_lines(facts, host):
    """The `install` lines of the included files."""
    found = []
    for name in facts.get("includes") or []:
        try:
            with open(host.path(name), encoding="utf-8", errors="replace") as file:
                found += [line.strip() for line in file if ksfiles.TOPICS.get((line.split() or [""])[0]) == "disk"]
        except OSError:
            continue
    return found
