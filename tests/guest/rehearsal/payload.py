"""The payload: made by esxi-img from the guest code, or a finished one."""
import io
import json
import os
import shlex
import shutil
import subprocess
import tarfile

from .options import RehearsalError

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NAME = "esxiimg.tgz"
# Root's password of a rehearsed image: its owner knows it, so that it counts as known.
IMAGE_PASSWORD = "Rehearsal#Image-77"
_DENO = "deno@2.9.6"


def program():
    """The words that start esxi-img: $ESXI_IMG, else this checkout's by deno. @raise RehearsalError"""
    given = os.environ.get("ESXI_IMG")
    if given:
        return shlex.split(given)
    deno = [found for found in [shutil.which("deno")] if found]
    npx = [shutil.which("npx"), "--yes", _DENO] if shutil.which("npx") else []
    if not (deno or npx):
        raise RehearsalError("no esxi-img: install deno or npm, or name the program in the variable ESXI_IMG")
    return [*(deno or npx), "run", "--quiet", "--allow-read", "--allow-write", "--allow-env",
            os.path.join(REPOSITORY, "main.ts")]


def make(options, folder):
    """Make the payload that the options ask for. @return: (path, warnings of the build)

    @raise RehearsalError: with the build's own words
    """
    if options.payload or options.made:
        return options.payload or options.made, []
    path = os.path.join(folder, NAME)
    words = [*program(), "payload", "-o", path, *options.build]
    if options.image_password:
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write(IMAGE_PASSWORD + "\n")
        words += ["--root-password-file", password]
    if options.kickstart:
        words += ["-k", options.kickstart]
    if is_embedded(options):
        words += ["--metadata", options.metadata]
    # In this checkout, so that deno finds its configuration wherever it is called from.
    done = subprocess.run([os.path.abspath(word) if os.path.exists(word) else word for word in words],
                          cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode != 0:
        raise RehearsalError("the payload cannot be made: %s" % (" ".join(said) or "no reason given"))
    warnings = [line[len("warning: "):] for line in said if line.startswith("warning: ")]
    if options.folder:
        # The build cannot know what the rehearsal will show.
        warnings = [warning for warning in warnings if "nobody could log in" not in warning]
    return path, warnings


def is_embedded(options):
    """Whether the metadata folder is for many hosts, which only an image can carry."""
    return bool(options.metadata) and os.path.isdir(os.path.join(options.metadata, "hosts"))


def facts(path):
    """What the build knows and the host needs (image.json); {} for a payload without. @raise RehearsalError"""
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile("esxiimg/image.json")
            return json.load(io.TextIOWrapper(member, encoding="utf-8"))
    except KeyError:
        return {}
    except (OSError, ValueError, tarfile.TarError) as error:
        raise RehearsalError("%s is no payload: %s" % (path, " ".join(str(error).split()))) from None
