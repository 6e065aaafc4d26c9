/**
 * @module
 */

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

  /** Writes a small file, and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): string {
    const path = this.file(name);
    if (typeof content === "string") Deno.writeTextFileSync(path, content, { mode });
    else Deno.writeFileSync(path, content, { mode });
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
