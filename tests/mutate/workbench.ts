/**
 * A copy of the project in `dist/mutate`, where modules are changed and tests run: nothing that
 * anybody works on is touched.
 *
 * @module
 */

const ROOT = `${import.meta.dirname}/../../`;
const COPY = `${ROOT}dist/mutate/`;
/** What is not copied; packages are used where they are. */
const LEFT_OUT = [".git", "__pycache__", "dist", "node_modules"];
/** A change can make a loop endless: what takes so much longer than unchanged code was noticed. */
const PATIENCE = 8;
const LEAST_PATIENCE_MS = 20_000;

/** How tests took a change. */
export type Verdict = "noticed" | "timed out" | "survived";

/** A copy of the project. */
export class Workbench {
  /** How long rounds of tests take if nothing is changed. */
  readonly #usualMs = new Map<string, number>();

  /** Makes the copy anew. */
  static async make(): Promise<Workbench> {
    await Deno.remove(COPY, { recursive: true }).catch(() => {});
    await copyFolder(ROOT, COPY);
    await Deno.symlink(`${ROOT}node_modules`, `${COPY}node_modules`);
    return new Workbench();
  }

  /**
   * Runs tests as the code is.
   *
   * @throws {Error} if they fail: then a change proves nothing.
   */
  async check(tests: readonly string[]): Promise<void> {
    if (this.#usualMs.has(tests.join())) return;
    const startMs = performance.now();
    const { code, output } = await runTests(tests);
    if (code !== 0) throw new Error(`the tests fail without any change:\n${output}`);
    this.#usualMs.set(tests.join(), performance.now() - startMs);
  }

  /**
   * Changes a module, runs rounds of tests until one fails, and puts the module back.
   *
   * @param rounds Were given to {@linkcode check} before.
   */
  async judge(
    path: string,
    changed: string,
    rounds: readonly (readonly string[])[],
  ): Promise<Verdict> {
    const text = await Deno.readTextFile(COPY + path);
    await Deno.writeTextFile(COPY + path, changed);
    try {
      for (const tests of rounds) {
        const usualMs = this.#usualMs.get(tests.join()) ?? 0;
        const { code } = await runTests(tests, Math.max(usualMs * PATIENCE, LEAST_PATIENCE_MS));
        if (code === undefined) return "timed out";
        if (code !== 0) return "noticed";
      }
      return "survived";
    } finally {
      await Deno.writeTextFile(COPY + path, text);
    }
  }
}

async function runTests(
  tests: readonly string[],
  maxMs?: number,
): Promise<{ code: number | undefined; output: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--fail-fast", "--quiet", ...tests],
    cwd: COPY,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, maxMs ?? 600_000);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return {
    code: isLate ? undefined : code,
    output: (decoder.decode(stdout) + decoder.decode(stderr)).slice(-4000),
  };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (LEFT_OUT.includes(name)) continue;
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
