/**
 * Reads a boot.cfg as mboot does, written from its published rules and from nothing of ours: what
 * judges the editor.
 *
 * Rules (vmware/esx-boot, bootlib/parse.c, bootlib/string.c and mboot/config.c, as they are described
 * there): a file is lines that end at LF and strings that end at NUL; white space is merged to single
 * blanks and taken off both ends; a line that then is empty or begins with # is skipped; of a table of
 * keys the first one that begins with what stands before "=" gets the value; an empty value unsets a
 * key; a key of numbers takes a minus and digits alone, and anything else ends the boot. Lists are cut
 * at "---"; where an item is empty, one character more is skipped.
 *
 * @module
 */

/** What the loader would boot, or why it stops. */
export interface Boot {
  readonly stops?: string;
  readonly kernel: string;
  readonly options: string;
  readonly title: string;
  readonly modules: readonly { readonly path: string; readonly options: string }[];
}

const KEYS: readonly (readonly [key: string, isNumber: boolean])[] = [
  ...["kernel", "kernelopt", "modules", "title", "prefix"].map((key) => [key, false] as const),
  ...["nobootif", "timeout", "noquirks", "norts"].map((key) => [key, true] as const),
  ["crypto", false],
  ...["runtimewd", "tftpblksize"].map((key) => [key, true] as const),
  ["acpitables", false],
  ...["runtimewdtimeout", "skip", "errtimeout"].map((key) => [key, true] as const),
];

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function mergeSpaces(line: string): string {
  let result = "";
  for (const character of line) {
    if (!isSpace(character.charCodeAt(0))) result += character;
    else if (result !== "" && !result.endsWith(" ")) result += " ";
  }
  return result.endsWith(" ") ? result.slice(0, -1) : result;
}

/** Boots a boot.cfg that lies in a folder, one character for each byte. */
export function bootFrom(text: string, folder: string): Boot {
  const values = new Map<string, string>();
  const stopped = (stops: string) => ({ stops, kernel: "", options: "", title: "", modules: [] });
  for (const raw of text.split("\n")) {
    const end = raw.indexOf("\0");
    const line = mergeSpaces(end === -1 ? raw : raw.slice(0, end));
    const at = line.indexOf("=");
    if (line === "" || line.startsWith("#") || at === -1) continue;
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).replace(/^ +/, "");
    const entry = KEYS.find(([key]) => key.startsWith(name));
    if (entry === undefined) continue;
    const [key, isNumber] = entry;
    if (value === "") values.delete(key);
    else if (isNumber && !/^-?[0-9]*$/.test(value)) return stopped("syntax");
    else values.set(key, value);
  }
  if (Number(values.get("skip") ?? 0) !== 0) return stopped("skip");
  const kernel = values.get("kernel");
  if (kernel === undefined) return stopped("no kernel");
  const base = values.get("prefix") ?? (folder === "" ? "" : `/${folder}`);
  const make = (path: string) => {
    const full = /^[/\\]/.test(path) || base === "" ? path : `${base}/${path}`;
    let result = "";
    for (const character of full.replaceAll("\\", "/")) {
      if (isSpace(character.charCodeAt(0))) continue;
      if (character === "/" && result.endsWith("/")) continue;
      result += character;
    }
    return result;
  };
  return {
    kernel: make(kernel),
    options: values.get("kernelopt") ?? "",
    title: values.get("title") ?? "",
    modules: items(values.get("modules") ?? "").map((item) => {
      const blank = item.indexOf(" ");
      return blank === -1
        ? { path: make(item), options: "" }
        : { path: make(item.slice(0, blank)), options: item.slice(blank + 1).trim() };
    }),
  };
}

function items(list: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < list.length; at++) {
    if (list[at] === " ") continue;
    const separator = list.indexOf("---", at);
    if (separator === at) {
      at += 3; // and the loop skips one more
      continue;
    }
    const end = separator === -1 ? list.length : separator;
    found.push(list.slice(at, end).replace(/ +$/, ""));
    at = separator === -1 ? list.length : end + 2;
  }
  return found;
}
