/**
 * The kinds of findings in kickstarts, see `codes.ts`.
 *
 * @module
 */

import { kinds } from "./kind.ts";

export const KICKSTART_CODES = {
  ...kinds("error", "kickstart", {
    "kickstart-empty": [
      "The kickstart holds no command and no script.",
      "write commands into it, or leave the option out",
    ],
    "kickstart-binary": [
      "The file holds bytes that no text has: it is another file than was meant.",
      "pass a kickstart, which is plain text",
    ],
    "kickstart-utf16": [
      "The text is stored as UTF-16, as some editors do; the installer reads bytes.",
      "save it as UTF-8",
    ],
    "kickstart-foreign": [
      "The file is meant for the installer of another system.",
      "pass a kickstart of ESXi's",
    ],
    "kickstart-template-mark": [
      "A place in a template was not filled in, as in `{{password}}` or `<PASSWORD>`.",
      "write the value in its place",
    ],
    "kickstart-include-missing": [
      "The kickstart includes a file that none of its %pre scripts writes; the installer stops there.",
      "write the file in a %pre section, or remove the line",
    ],
    "kickstart-command": [
      "ESXi's kickstart has no such command; the installer stops there.",
      "correct or remove the line",
    ],
    "kickstart-option": [
      "The command has no such option in this release, or the option lacks its value or has one too many; " +
      "the installer stops there.",
      "correct or remove the option",
    ],
    "kickstart-argument": [
      "What follows a command is not what the command takes.",
      "correct the line",
    ],
    "kickstart-quote": ["A quote does not end on its line.", "close the quote"],
    "kickstart-section": [
      "ESXi knows %pre, %post and %firstboot, run by busybox or python, and no other sections.",
      "correct or remove the section",
    ],
    "kickstart-password-kind": [
      "`rootpw --iscrypted` is given something that ESXi does not take for a hash: it knows crypt strings " +
      "that begin with `$6$`, `$5$` and `$1$`.",
      "make one with: openssl passwd -6",
    ],
  }),
  ...kinds("warning", "kickstart", {
    "kickstart-no-eula": [
      "Without `vmaccepteula` the installer asks. A kickstart that is merged gets it; one that is used as it " +
      "is does not.",
      "add vmaccepteula to say so yourself",
    ],
    "kickstart-no-reboot": [
      "Without `reboot` the installer waits for a key when it is done. A kickstart that is merged gets it; " +
      "one that is used as it is does not.",
      "add reboot to say so yourself",
    ],
    "kickstart-no-install": [
      "A kickstart that is used as it is neither installs nor includes a file that could.",
      "add an install line",
    ],
    "kickstart-no-password": [
      "A kickstart that is used as it is neither sets root's password nor includes a file that could.",
      "add a rootpw line",
    ],
    "kickstart-other-disk": [
      "A command names a disk by itself. It need not be the one that the image was written to; a disk that " +
      "`install` names outright wins over that one.",
      "leave the disk out of install, and clearpart altogether, to use the image's disk",
    ],
    "kickstart-plain-password": [
      "`rootpw` has the password as plain text, and the image holds it as well.",
      "use rootpw --iscrypted with the output of: openssl passwd -6",
    ],
    "kickstart-password-weak": [
      "ESXi's default policy refuses the password: it wants 7 characters of three kinds, and counts neither a " +
      "capital at the beginning nor a digit at the end.",
      "choose another password",
    ],
    "kickstart-ignored": [
      "An option counts only together with another one, which is not there.",
      "add the other option, or remove this one",
    ],
    "kickstart-repeated": [
      "A command that is meant to stand once stands again; the last one counts.",
      "remove all but one",
    ],
    "kickstart-include-in-section": [
      "An `%include` stands behind a script. It ends the script there, as every line that begins with one of " +
      "the language's words does.",
      "move it above the first section",
    ],
    "kickstart-end": [
      "`%end` belongs to other systems' kickstarts. A merge leaves it out.",
      "remove the line",
    ],
    "kickstart-crlf": [
      "Lines end with CR LF. Busybox takes the CR for a part of the line's last word.",
      "save it with LF alone",
    ],
    "kickstart-bom": [
      "The file begins with a byte order mark, which spoils its first command. A merge leaves it out.",
      "save it without one",
    ],
    "kickstart-firstboot-restart": [
      "A %firstboot script restarts the host or switches it off: the sections behind it may not run, ours " +
      "among them, which remove secrets.",
      "leave that out: the last section restarts the host if it is needed",
    ],
    "kickstart-dryrun": ["With `dryrun` nothing is installed.", "remove the line"],
    "kickstart-upgrade": [
      "`upgrade` keeps a system that is there, but an image that was written to its disk has replaced it.",
      "use install",
    ],
    "kickstart-mark-in-script": [
      "A script holds what looks like a place in a template that was not filled in.",
      "write the value in its place",
    ],
  }),
  ...kinds("note", "kickstart", {
    "kickstart-merged": [
      "What a merge put in, took out or wrapped. Nothing needs to be done.",
      "see esxi-img kickstart -k FILE for the result",
    ],
  }),
};
