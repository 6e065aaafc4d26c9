/**
 * @module
 */

/** Whether there is something under a name, links followed. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A temporary folder that is gone when it is done with. */
export class Folder implements Disposable {
  readonly path: string;

  constructor() {
    this.path = Deno.makeTempDirSync({ prefix: "esxi-img-test-" });
  }

  /** The path of something in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** The paths of some things in it. */
  files<Names extends readonly string[]>(...names: Names): { [I in keyof Names]: string } {
    return names.map((name) => this.file(name)) as { [I in keyof Names]: string };
  }

  /** Writes a small file, and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): string {
    const path = this.file(name);
    const options = mode === undefined ? {} : { mode };
    if (typeof content === "string") Deno.writeTextFileSync(path, content, options);
    else Deno.writeFileSync(path, content, options);
    return path;
  }

  /** The names in it, hidden ones included. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).toSorted();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
