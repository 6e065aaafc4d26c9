/**
 * The sums that Adler-32 consists of, 16 bytes at a time. The module is small enough to be written
 * down instruction by instruction; opcodes are those of the WebAssembly Core Specification 2.0, §5.4.
 *
 * @module
 */

/** How many bytes can be summed at a time: at most, so that no 32-bit lane overflows. */
export const PIECE_BYTES = 32 * 1024;
/** Where the bytes lie in the module's memory; the sums are left before them. */
const DATA_AT = 64;
/** What one instruction works on: only multiples of it can be summed. */
export const VECTOR_BYTES = 16;

/** Sums over some bytes; see RFC 1950 §8.2 for what becomes of them. */
export interface ByteSums {
  /** Of all bytes. */
  readonly plain: number;
  /** Of all bytes, each as often as there are bytes from it to the end. */
  readonly weighted: number;
}

/** Sums up to {@linkcode PIECE_BYTES}, a multiple of {@linkcode VECTOR_BYTES}. */
export type SumBytes = (bytes: Uint8Array) => ByteSums;

/** Makes the function, or `null` where the machine has no 128-bit instructions. */
export function loadByteSums(): SumBytes | null {
  if (!WebAssembly.validate(MODULE)) return null;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  const sum = exports.sum as (at: number, end: number) => void;
  const memory = exports.memory as WebAssembly.Memory;
  const data = new Uint8Array(memory.buffer, DATA_AT, PIECE_BYTES);
  const lanes = new Uint32Array(memory.buffer, 0, 3 * 4);
  const laneSum = (first: number) =>
    lanes[first] + lanes[first + 1] + lanes[first + 2] + lanes[first + 3];
  return (bytes) => {
    data.set(bytes);
    sum(DATA_AT, DATA_AT + bytes.length);
    return { plain: laneSum(0), weighted: VECTOR_BYTES * laneSum(4) + laneSum(8) };
  };
}

// Locals: the two parameters, then vectors.
const AT = 0, END = 1, PLAIN = 2, BEFORE = 3, WEIGHTED = 4, LOW = 5, HIGH = 6;
const VECTORS = 5;
const I32 = 0x7f, V128 = 0x7b;
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const i32Const = (value: number) => [0x41, value];
const words = (values: readonly number[]) => [0xfd, 0x0c, ...values.flatMap((value) => [value, 0])];
const load = [0xfd, 0x00, 4, 0]; // v128.load
const store = (offset: number) => [0xfd, 0x0b, 4, offset]; // v128.store
const widenLow = [0xfd, 0x89, 0x01]; // i16x8.extend_low_i8x16_u
const widenHigh = [0xfd, 0x8a, 0x01]; // i16x8.extend_high_i8x16_u
const addWords = [0xfd, 0x8e, 0x01]; // i16x8.add
const addLanes = [0xfd, 0xae, 0x01]; // i32x4.add
const multiplyAndAddPairs = [0xfd, 0xba, 0x01]; // i32x4.dot_i16x8_s
const i32Add = [0x6a], lessThan = [0x49], loop = [0x03, 0x40], branchIf = [0x0d, 0], end = [0x0b];

const ONES = words([1, 1, 1, 1, 1, 1, 1, 1]);
/** A byte counts as often as there are bytes from it to the end of its 16. */
const LOW_WEIGHTS = words([16, 15, 14, 13, 12, 11, 10, 9]);
const HIGH_WEIGHTS = words([8, 7, 6, 5, 4, 3, 2, 1]);

const BODY = [
  loop,
  // The end has moved on by 16 bytes, so what was summed so far counts 16 times more.
  [get(BEFORE), get(PLAIN), addLanes, set(BEFORE)],
  [get(AT), load, tee(LOW), widenHigh, set(HIGH), get(LOW), widenLow, set(LOW)],
  [get(LOW), get(HIGH), addWords, ONES, multiplyAndAddPairs, get(PLAIN), addLanes, set(PLAIN)],
  [get(LOW), LOW_WEIGHTS, multiplyAndAddPairs, get(WEIGHTED), addLanes],
  [get(HIGH), HIGH_WEIGHTS, multiplyAndAddPairs, addLanes, set(WEIGHTED)],
  [get(AT), i32Const(VECTOR_BYTES), i32Add, tee(AT), get(END), lessThan, branchIf],
  end,
  [i32Const(0), get(PLAIN), store(0)],
  [i32Const(0), get(BEFORE), store(16)],
  [i32Const(0), get(WEIGHTED), store(32)],
  end,
].flat(2);

/** A length of less than 2^14, and what has that length (§5.2.2, LEB128). */
function sized(bytes: readonly number[]): number[] {
  return [0x80 | bytes.length & 0x7f, bytes.length >> 7, ...bytes];
}

function section(id: number, bytes: readonly number[]): number[] {
  return [id, ...sized(bytes)];
}

const named = (name: string, kind: number) => [
  name.length,
  ...new TextEncoder().encode(name),
  kind,
  0,
];

const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // §5.5.16: magic and version
  ...section(1, [1, 0x60, 2, I32, I32, 0]), // one type: (i32, i32) → ()
  ...section(3, [1, 0]), // one function of that type
  ...section(5, [1, 0, 1]), // one memory of a page, 64 KiB
  ...section(7, [2, ...named("memory", 2), ...named("sum", 0)]),
  ...section(10, [1, ...sized([1, VECTORS, V128, ...BODY])]), // its code
]);
