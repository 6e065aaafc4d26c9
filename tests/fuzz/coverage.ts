/**
 * Which code has run, as V8 counts it. Inputs that reach new code are worth changing further.
 *
 * @module
 */

import { Session } from "node:inspector";

/** What `Profiler.takePreciseCoverage` answers, as far as it is used here. */
interface Report {
  readonly result: readonly {
    readonly scriptId: string;
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly {
        readonly startOffset: number;
        readonly endOffset: number;
        readonly count: number;
      }[];
    }[];
  }[];
}

/** Watches the program's own code in this process. */
export class Coverage implements Disposable {
  readonly #session = new Session();
  /** By function, one byte for each of its characters that has run. */
  readonly #covered = new Map<string, Uint8Array>();
  /** Ways through functions that brought nothing new. */
  readonly #seen = new Set<string>();

  private constructor() {
    this.#session.connect();
  }

  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    await coverage.#post("Profiler.enable");
    await coverage.#post("Profiler.startPreciseCoverage", { callCount: false, detailed: true });
    return coverage;
  }

  /** Whether code ran that had not run before. */
  async hasGrown(): Promise<boolean> {
    const report = await this.#post<Report>("Profiler.takePreciseCoverage");
    let hasGrown = false;
    for (const { scriptId, url, functions } of report.result) {
      if (!/\/(lib|wasm)\/[^:]*\.ts$/.test(url)) continue;
      for (const { ranges } of functions) {
        const key = `${scriptId} ${
          ranges.map((r) => `${r.startOffset}-${r.endOffset}:${r.count}`)
        }`;
        if (this.#seen.has(key)) continue;
        this.#seen.add(key);
        hasGrown = this.#paint(scriptId, ranges) || hasGrown;
      }
    }
    return hasGrown;
  }

  /** Inner ranges come behind the outer ones that they are exceptions of. */
  #paint(script: string, ranges: Report["result"][number]["functions"][number]["ranges"]): boolean {
    const { startOffset, endOffset } = ranges[0]!;
    const now = new Uint8Array(endOffset - startOffset);
    for (const range of ranges) {
      const [start, end] = [range.startOffset - startOffset, range.endOffset - startOffset];
      now.fill(Math.min(range.count, 1), start, end);
    }
    const key = `${script} ${startOffset}-${endOffset}`;
    const covered = this.#covered.get(key) ?? new Uint8Array(now.length);
    this.#covered.set(key, covered);
    let hasGrown = false;
    now.forEach((ran, i) => {
      if (ran === 0 || covered[i] === 1) return;
      covered[i] = 1;
      hasGrown = true;
    });
    return hasGrown;
  }

  #post<T>(method: string, parameters?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, parameters, (error, result) => {
        if (error) reject(error);
        else resolve(result as T);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}
