/**
 * Changes to JSON that leave it JSON.
 *
 * @module
 */

import type { Random } from "./random.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const STRINGS = [
  "",
  " ",
  "x",
  "0",
  "1",
  "²",
  "-1",
  "4095",
  "00:00:00:00:00:00",
  "ff:ff:ff:ff:ff:ff",
  "0.0.0.0",
  "255.255.255.255",
  "192.0.2.1/24",
  "192.0.2.1/33",
  "::",
  "::1/128",
  "fe80::1%eth0",
  "2001:db8::/32",
  "default",
  "a\nb",
  "\u0000",
  "\u001b[2J",
  "--force",
  "$(reboot)",
  "'; reboot; '",
  "ü",
  "\ud800",
  "٣",
  "x".repeat(300),
  "true",
  "None",
];
const NUMBERS = [
  0,
  1,
  -1,
  2,
  64,
  128,
  129,
  1279,
  1280,
  4094,
  4095,
  9000,
  65536,
  2 ** 31,
  2 ** 53,
  1.5,
  1e308,
];

/** A changed copy. */
export function mutateJson(document: Json, random: Random): Json {
  const copy: Json = structuredClone(document);
  const nodes = containers(copy);
  if (nodes.length === 0 || random.chance(1, 60)) return someValue(random, copy);
  const node = random.pick(nodes);
  const keys = Object.keys(node);
  const holder = node as Record<string, Json>; // a list's indexes serve as keys
  const key = keys.length === 0 ? "0" : random.pick(keys);
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(node)) node.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(node)) node.push(structuredClone(random.pick(node) ?? null));
      else {holder[random.pick(["id", "type", "link", "mtu", "²", "", "__class__", "name"])] =
          someValue(random, copy);}
      break;
    case 2: {
      const other = random.pick(nodes) as Record<string, Json>;
      holder[key] = structuredClone(other[random.pick(Object.keys(other))] ?? null);
      break;
    }
    case 3:
      holder[key] = changeScalar(holder[key] ?? null, random);
      break;
    default:
      holder[key] = someValue(random, copy);
  }
  return copy;
}

/** Every object and list in a document. */
function containers(node: Json): (Json[] | { [key: string]: Json })[] {
  if (node === null || typeof node !== "object") return [];
  return [node, ...Object.values(node).flatMap(containers)];
}

function changeScalar(value: Json, random: Random): Json {
  if (typeof value === "number") return value + random.pick([-1, 1, 0.5, 4096]);
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string") return someValue(random, value);
  const at = random.below(value.length + 1);
  switch (random.below(4)) {
    case 0:
      return value.slice(0, at) + value.slice(at + 1);
    case 1:
      return value.slice(0, at) + random.pick(STRINGS) + value.slice(at);
    case 2:
      return value.toUpperCase();
    default:
      return value.slice(0, at) + String.fromCharCode(random.below(random.pick([128, 0x3000]))) +
        value.slice(at + 1);
  }
}

function someValue(random: Random, document: Json): Json {
  switch (random.below(8)) {
    case 0:
      return null;
    case 1:
      return random.chance(1, 2);
    case 2:
      return [];
    case 3:
      return {};
    case 4:
      return random.pick(NUMBERS);
    case 5: {
      const all = containers(document);
      return all.length === 0 ? 0 : structuredClone(random.pick(all));
    }
    default:
      return random.pick(STRINGS);
  }
}
