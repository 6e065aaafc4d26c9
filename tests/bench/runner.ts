/**
 * Runs programs in turn and measures them.
 *
 * @module
 */

import { runCompiler } from "../../release/runtime.ts";
import { BATCH_HOSTS, type Paths, type Program, PYTHON } from "./programs.ts";
import type { Measurement, WorkloadResult } from "./results.ts";
import { includes, type Workload } from "./workloads.ts";
import { mustEsxiImg, pathOf } from "../support/programs.ts";

const here = (name: string) => `${import.meta.dirname}/${name}`;
const PASSWORD = "VMware1!\n";

/** How to run. */
export interface RunnerOptions {
  /** An empty folder for everything. */
  readonly folder: string;
  readonly programs: readonly Program[];
  readonly rounds: number;
  /** Ends what is running. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Runs workloads one after the other. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #paths: Paths;
  /** What the ISO that is there was made from. */
  #isoKey = "";

  constructor(options: RunnerOptions) {
    const file = (name: string) => `${options.folder}/${name}`;
    this.#options = options;
    this.#paths = {
      iso: file("installer.iso"),
      raw: file("raw.img"),
      tree: file("tree"),
      metadata: file("metadata"),
      output: file("output"),
      scratch: file("scratch"),
      passwordFile: file("root-password"),
      hello: file("hello"),
    };
  }

  /** Measures all programs of a workload, in turn in each round: A B C, A B C, … */
  async run(workload: Workload): Promise<WorkloadResult> {
    const { name, title, reference } = workload;
    const programs = this.#options.programs.filter((program) => includes(workload, program.name));
    await this.#prepare(workload, programs);
    const results = programs.map(({ name, title, isOurs }) => ({
      name,
      title,
      isOurs,
      rounds: [] as Measurement[],
    }));
    const rounds = this.#options.rounds * (workload.roundsFactor ?? 1);
    for (let round = 1; round <= rounds; round++) {
      for (const [i, program] of programs.entries()) {
        const measurement = await this.#measure(program);
        results[i]!.rounds.push(measurement);
        const seconds = measurement.wallSeconds.toFixed(3);
        this.#options.log(`${name}, round ${round} of ${rounds}: ${seconds} s  ${program.title}`);
      }
    }
    const isoBytes = (await Deno.stat(this.#paths.iso)).size;
    return { name, title, isoBytes, reference, programs: results };
  }

  /** Makes what the programs read, and reads it once: it is in the page cache for all of them. */
  async #prepare(workload: Workload, programs: readonly Program[]): Promise<void> {
    const { iso, raw, tree, output, scratch, passwordFile, hello } = this.#paths;
    const key = JSON.stringify(workload.iso);
    for (const path of [raw, tree, output, scratch]) await remove(path);
    if (key !== this.#isoKey) {
      this.#options.log(`${workload.name}: making the ISO`);
      await remove(iso);
      await this.#mustRun([Deno.execPath(), "run", "-A", here("make_iso.ts"), iso, key]);
      this.#isoKey = key;
    }
    await Deno.writeTextFile(passwordFile, PASSWORD, { mode: 0o600 });
    if (programs.some(({ name }) => name === "batch")) this.#writeHosts();
    if (programs.some(({ needsRaw }) => needsRaw)) {
      await mustEsxiImg(["build", iso, "-o", raw, "--root-password-file", passwordFile, "--quiet"]);
      await this.#readThrough(raw);
    }
    if (programs.some(({ needsTree }) => needsTree)) {
      const password = ["--root-password-file", passwordFile];
      await mustEsxiImg(["netboot", iso, "-o", tree, ...password, "--quiet"]);
    }
    if (programs.some(({ name }) => name === "hello")) {
      await runCompiler(["compile", "--no-config", "--no-check", "-o", hello, here("hello.ts")]);
    }
    if (!workload.iso.isSparse) await this.#readThrough(iso);
  }

  #writeHosts(): void {
    for (let i = 0; i < BATCH_HOSTS; i++) {
      const folder = `${this.#paths.metadata}/hosts/esx-${i}`;
      Deno.mkdirSync(folder, { recursive: true });
      const metadata = { hostname: `esx-${i}`, serial: `S${i}` };
      Deno.writeTextFileSync(`${folder}/meta_data.json`, JSON.stringify(metadata));
    }
  }

  async #measure(program: Program): Promise<Measurement> {
    const { output, scratch } = this.#paths;
    // Before the clock runs: to empty a large file takes time that is nobody's.
    await remove(output);
    await remove(scratch);
    const [command = "", ...args] = program.command(this.#paths);
    const stdout = program.writesToStdout ? output : "/dev/null";
    const meter = [PYTHON, here("measure.py"), stdout, pathOf(command) ?? command, ...args];
    const measured = JSON.parse(await this.#mustRun(meter));
    const stat = await Deno.stat(output).catch(() => undefined);
    return { ...measured, outputBytes: stat?.size ?? null };
  }

  async #readThrough(path: string): Promise<void> {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(1024 * 1024);
    while (await file.read(buffer) !== null) this.#options.signal.throwIfAborted();
  }

  /** Runs a program, which is ended when we are. */
  async #mustRun([command, ...args]: readonly string[]): Promise<string> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    const { success, stdout, stderr } = await new Deno.Command(command!, {
      args,
      signal,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    signal.throwIfAborted();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) throw new Error(`${command} ${args.join(" ")} failed\n${text(stderr)}`);
    return text(stdout);
  }
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
