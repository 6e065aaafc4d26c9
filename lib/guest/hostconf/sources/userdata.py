"""User data → scripts to run and cloud-config documents to read.

A script is run if the host can run it; anything else is reported and left alone. User data is never
run as a script because nothing better is known about it.
"""

import base64
import email
import re
import zlib

from hostconf.sources import yamlite

SIZE_LIMIT = 16 * 1024 * 1024  # bytes after decompression; nova allows 64 KiB

# What ESXi has. There is no bash and no perl.
_INTERPRETERS = re.compile(r"(sh|ash|busybox|python|python3(\.\d+)?)\Z")
_SCRIPT_TYPES = ("text/x-shellscript", "text/x-shellscript-per-once", "text/x-shellscript-per-instance")

# First words of cloud-init's other formats, and what to call them.
_UNSUPPORTED = (
    ("#include", "a list of URLs to include"), ("#cloud-boothook", "a boot hook"),
    ("#part-handler", "a part handler"), ("#upstart-job", "an upstart job"),
    ("#cloud-config-archive", "a cloud-config archive"), ("## template:", "a template"),
    ("#cloud-config-jsonp", "a JSON patch"),
)
# What Heat puts around user data for its agent in a Linux guest (heat's engine/clients/os/nova, build_userdata).
_GLUE_TYPES = ("text/x-cfninitdata", "text/part-handler")
_GLUE_NAMES = ("loguserdata.py", "loguserdata.sh", "part-handler.py", "part_handler.py", "boothook.sh", "cfn-userdata")
# The part of Heat's that holds what the user gave it.
_WRAPPED = "cfn-userdata"


def read(data, warn, name="user_data"):
    """(scripts, cloud_configs) found in user data.

    @param data: bytes as the deployer gave them (plain, gzip or MIME multipart), or None
    @return: scripts as description entries {name, script_base64}; cloud_configs as parsed objects
    """
    reader = _Reader(warn)
    try:
        reader.read(_inflate(data or b""), None, name)
    except (ValueError, LookupError) as error:
        warn("%s is ignored: %s" % (name, error))
    except RecursionError:
        warn("%s is ignored: it is nested too deeply" % name)
    if reader.glue:
        warn("%s: the parts %s are for the agent in a Linux guest and are skipped" % (name, ", ".join(reader.glue)))
    return reader.scripts, reader.configs


def interpreter(script):
    """The program named by a script's first line ("sh", "python3"), or None when ESXi has no such program.

    @param script: bytes that start with "#!"
    """
    words = script[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if words and words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    program = words[0].rpartition("/")[2] if words else ""
    if not _INTERPRETERS.match(program):
        return None
    return "python3" if program.startswith("python") else "sh"


def _inflate(data):
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
        plain = decoder.decompress(data, SIZE_LIMIT)
    except zlib.error as error:
        raise ValueError("it is not a correct gzip file (%s)" % error)
    if decoder.unconsumed_tail:
        raise ValueError("it is larger than %d bytes" % SIZE_LIMIT)
    if not decoder.eof:
        raise ValueError("it is a gzip file that was cut short")
    return plain


class _Reader:
    """scripts, configs: what was found so far; glue: the names of parts that were skipped."""

    def __init__(self, warn):
        self.warn = warn
        self.scripts = []
        self.configs = []
        self.glue = []

    def read(self, data, content_type, name):
        """One part, or the whole, as `content_type` and its first line say."""
        start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
        first = start.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        if not start:
            return
        if first.lower().startswith(("content-type: multipart/", "mime-version:", "content-type: text/")):
            for part in _mime_parts(data):
                self.read_part(part, name)
        elif first.startswith("#!"):
            _add_script(data, name, self.scripts, self.warn)
        elif any(first.startswith(word) for word, _ in _UNSUPPORTED):
            what = [text for word, text in _UNSUPPORTED if first.startswith(word)][0]
            self.warn("%s is %s, which is not supported; it is ignored" % (name, what))
        elif first.startswith("#cloud-config") or content_type == "text/cloud-config":
            _add_config(data, name, self.configs, self.warn)
        elif content_type in _SCRIPT_TYPES:
            self.warn("%s is declared a shell script and has no first line #!; it is not run" % name)
        else:
            self.warn("%s is neither a script (#!) nor cloud-config nor MIME; it is ignored" % name)

    def read_part(self, part, name):
        """One part of a MIME message."""
        file_name, content_type = part.get_filename(), part.get_content_type()
        data = _inflate(part.get_payload(decode=True) or b"")
        is_glue = content_type in _GLUE_TYPES or file_name in _GLUE_NAMES
        if file_name == _WRAPPED and data.strip():
            is_glue, content_type = False, None
        if is_glue:
            self.glue.append(file_name or content_type)
        else:
            self.read(data, content_type, "%s part %s" % (name, file_name or content_type))


def _mime_parts(data):
    message = email.message_from_bytes(data.lstrip())
    return [part for part in message.walk() if not part.is_multipart()]


def _add_script(data, name, scripts, warn):
    data = data[data.index(b"#!"):]
    program = interpreter(data)
    if program is None:
        first = data.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        warn("%s asks for %r, which ESXi does not have; it is not run" % (name, first))
        return
    if b"\r\n" in data.split(b"\n", 1)[0] + b"\n":
        data = data.replace(b"\r\n", b"\n")
    scripts.append({"name": name, "script_base64": base64.b64encode(data).decode("ascii")})


def _add_config(data, name, configs, warn):
    try:
        config = yamlite.loads(data.decode("utf-8"))
    except ValueError as error:
        warn("%s: the cloud-config cannot be read and is ignored: %s" % (name, error))
        return
    if isinstance(config, dict):
        configs.append(config)
    elif config is not None:
        warn("%s: the cloud-config is not a mapping and is ignored" % name)
