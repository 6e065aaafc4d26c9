/**
 * `deno task kills --rounds 2000 --seed 1`: kills builds at random moments, in every format.
 *
 * @module
 */

import { killBuilds } from "./support/kills.ts";

function option(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

const counts = await killBuilds(option("rounds", 2000), option("seed", 1), ({ rounds, named }) => {
  if (rounds % 100 === 0) console.error(`${rounds} kills, ${named} of named files`);
});
console.log(JSON.stringify(counts));
