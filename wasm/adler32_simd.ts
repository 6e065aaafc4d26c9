/**
 * The sums that Adler-32 consists of, 64 bytes at a time. The module is small enough to be written
 * down instruction by instruction; opcodes are those of the WebAssembly Core Specification 2.0, §5.4.
 *
 * @module
 */

/** How many bytes can be summed at a time: at most, so that no 32-bit lane overflows. */
export const PIECE_BYTES = 32 * 1024;
/** Where the bytes lie in the module's memory; the sums are left before them. */
const DATA_AT = 64;
/** The module's own page of memory; what is asked for follows. */
const PAGE_BYTES = 64 * 1024;
/** What one instruction works on. */
const VECTOR_BYTES = 16;
/** What one turn of the loop works on: only multiples of it can be summed. */
export const BLOCK_BYTES = 4 * VECTOR_BYTES;

/** Sums over some bytes; see RFC 1950 §8.2 for what becomes of them. */
export interface ByteSums {
  /** Of all bytes. */
  readonly plain: number;
  /** Of all bytes, each as often as there are bytes from it to the end. */
  readonly weighted: number;
}

/** Sums bytes, 64 at a time. */
export interface ByteSummer {
  /** Bytes here are summed where they are; others are copied first, which takes half as long. */
  readonly arena: Uint8Array<ArrayBuffer>;
  /** Sums up to {@linkcode PIECE_BYTES}, a multiple of {@linkcode BLOCK_BYTES}. */
  sum(bytes: Uint8Array): ByteSums;
}

/** Makes a summer, or `null` where the machine has no 128-bit instructions. */
export function byteSummer(arenaBytes: number): ByteSummer | null {
  if (!WebAssembly.validate(MODULE)) return null;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  const sum = exports.sum as (at: number, end: number) => void;
  const memory = exports.memory as WebAssembly.Memory;
  memory.grow(Math.ceil(arenaBytes / PAGE_BYTES)); // before the views, which it would detach
  const buffer = memory.buffer as ArrayBuffer;
  const data = new Uint8Array(buffer, DATA_AT, PIECE_BYTES);
  const lanes = new Uint32Array(buffer, 0, 4 * 4);
  const laneSum = (first: number) =>
    lanes[first]! + lanes[first + 1]! + lanes[first + 2]! + lanes[first + 3]!;
  return {
    arena: new Uint8Array(buffer, PAGE_BYTES, arenaBytes),
    sum(bytes) {
      const isHere = bytes.buffer === buffer;
      if (!isHere) data.set(bytes);
      const at = isHere ? bytes.byteOffset : DATA_AT;
      sum(at, at + bytes.length);
      const weighted = BLOCK_BYTES * laneSum(4) + VECTOR_BYTES * laneSum(8) + laneSum(12);
      return { plain: laneSum(0), weighted };
    },
  };
}

// Locals: the two parameters, then vectors.
const AT = 0, END = 1, PLAIN = 2, BEFORE = 3, VECTOR_WEIGHTED = 4, BYTE_WEIGHTED = 5;
const LOW = 6, HIGH = 7, SUM = 8, SUMS = 9, LOWS = 10, HIGHS = 11;
const VECTORS = 10;
const I32 = 0x7f, V128 = 0x7b;
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
/** A number of up to 13 bits (§5.2.2, signed LEB128). */
const i32Const = (value: number) => [0x41, 0x80 | value & 0x7f, value >> 7];
const words = (values: readonly number[]) => [0xfd, 0x0c, ...values.flatMap((value) => [value, 0])];
const load = (offset: number) => [0xfd, 0x00, 4, offset]; // v128.load
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

/** Adds pairs of 16-bit lanes, each lane times its weight, to 32-bit ones. */
const accumulate = (
  into: number,
  lanes: number,
  weights: number[],
) => [...get(lanes), ...weights, ...multiplyAndAddPairs, ...get(into), ...addLanes, ...set(into)];

/**
 * One of the vectors of a block. `SUM` is what it and those before it come to, so a vector counts
 * in `SUMS` once for each that follows it. No 16-bit lane overflows: 6 · 2 · 255 at most.
 */
const addVector = (nth: number) => {
  const isFirst = nth === 0;
  const addTo = (into: number, lanes: number) =>
    isFirst
      ? [...get(lanes), ...set(into)]
      : [...get(into), ...get(lanes), ...addWords, ...set(into)];
  return [
    ...[...get(AT), ...load(nth * VECTOR_BYTES), ...tee(LOW), ...widenHigh, ...set(HIGH)],
    ...[...get(LOW), ...widenLow, ...set(LOW)],
    ...[...addTo(LOWS, LOW), ...addTo(HIGHS, HIGH)],
    ...(nth === 1 ? [...get(SUM), ...set(SUMS)] : nth > 1 ? addTo(SUMS, SUM) : []),
    ...[...get(LOW), ...get(HIGH), ...addWords],
    ...(isFirst ? [] : [...get(SUM), ...addWords]),
    ...set(SUM),
  ];
};

const BODY = [
  loop,
  // The end has moved on by a block, so what was summed so far counts that much more.
  [get(BEFORE), get(PLAIN), addLanes, set(BEFORE)],
  [0, 1, 2, 3].map(addVector),
  accumulate(PLAIN, SUM, ONES),
  accumulate(VECTOR_WEIGHTED, SUMS, ONES),
  accumulate(BYTE_WEIGHTED, LOWS, LOW_WEIGHTS),
  accumulate(BYTE_WEIGHTED, HIGHS, HIGH_WEIGHTS),
  [get(AT), i32Const(BLOCK_BYTES), i32Add, tee(AT), get(END), lessThan, branchIf],
  end,
  [i32Const(0), get(PLAIN), store(0)],
  [i32Const(0), get(BEFORE), store(16)],
  [i32Const(0), get(VECTOR_WEIGHTED), store(32)],
  [i32Const(0), get(BYTE_WEIGHTED), store(48)],
  end,
].flat(3);

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
