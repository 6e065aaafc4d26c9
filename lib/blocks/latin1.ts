/**
 * ISO 8859-1: text of which every character stands for one byte. `TextDecoder` will not do: what it
 * calls "latin1" is windows-1252, which does not give every byte back.
 *
 * @module
 */

/** What a call can be given as arguments. */
const CHUNK_BYTES = 8 * 1024;

/** The text of some bytes. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    // Not spread: that would make an array of them first, one by one.
    text += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + CHUNK_BYTES));
  }
  return text;
}

/** The bytes of a text whose characters are below U+0100. */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  // A call for each character would take 2 ms for a boot.cfg.
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
