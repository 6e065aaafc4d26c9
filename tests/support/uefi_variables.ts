/**
 * Boot options in the variable store of a virtual machine's firmware, as a firmware's setup would
 * write them.
 *
 * @module
 */

/** UEFI PI 1.7, vol. 3 §3.2.1: where the header of a firmware volume says how long it is. */
const VOLUME_HEADER_BYTES_AT = 48;
/** EDK II, `VariableFormat.h`: VARIABLE_STORE_HEADER and AUTHENTICATED_VARIABLE_HEADER. */
const STORE_HEADER_BYTES = 28;
const VARIABLE = { start: 0x55aa, added: 0x3f, headerBytes: 60, nameBytes: 36, dataBytes: 40 };
/** UEFI 2.10 §3.3: EFI_GLOBAL_VARIABLE, as it is stored. */
const GLOBAL = [
  0x61,
  0xdf,
  0xe4,
  0x8b,
  0xca,
  0x93,
  0xd2,
  0x11,
  0xaa,
  0x0d,
  0,
  0xe0,
  0x98,
  3,
  0x2b,
  0x8c,
];
/** Non-volatile, and for boot services and runtime. */
const ATTRIBUTES = 7;

/** Makes the firmware boot from a URL first of all (UEFI 2.10 §3.1.2, short-form URI device path). */
export function setBootUri(store: Uint8Array, uri: string): void {
  const url = new TextEncoder().encode(uri);
  const path = new Uint8Array(4 + url.length + 4);
  // §10.3.4.23: messaging device path, URI; then §10.3.1: the end of all paths.
  path.set([3, 24, 4 + url.length, 0, ...url, 0x7f, 0xff, 4, 0]);
  const option = new Uint8Array(6);
  new DataView(option.buffer).setUint32(0, 1, true); // LOAD_OPTION_ACTIVE
  new DataView(option.buffer).setUint16(4, path.length, true);
  addVariable(store, "Boot0000", Uint8Array.of(...option, ...utf16("URI"), ...path));
  addVariable(store, "BootOrder", Uint8Array.of(0, 0));
}

function addVariable(store: Uint8Array, name: string, data: Uint8Array): void {
  const view = new DataView(store.buffer, store.byteOffset, store.length);
  let at = view.getUint16(VOLUME_HEADER_BYTES_AT, true) + STORE_HEADER_BYTES;
  while (view.getUint16(at, true) === VARIABLE.start) {
    const lengthBytes = VARIABLE.headerBytes + view.getUint32(at + VARIABLE.nameBytes, true) +
      view.getUint32(at + VARIABLE.dataBytes, true);
    at += Math.ceil(lengthBytes / 4) * 4;
  }
  const nameBytes = utf16(name);
  store.fill(0, at, at + VARIABLE.headerBytes);
  view.setUint16(at, VARIABLE.start, true);
  view.setUint8(at + 2, VARIABLE.added);
  view.setUint32(at + 4, ATTRIBUTES, true);
  view.setUint32(at + VARIABLE.nameBytes, nameBytes.length, true);
  view.setUint32(at + VARIABLE.dataBytes, data.length, true);
  store.set(GLOBAL, at + 44);
  store.set([...nameBytes, ...data], at + VARIABLE.headerBytes);
}

/** UTF-16 with a NUL. */
function utf16(text: string): Uint8Array {
  return Uint8Array.from([...`${text}\0`].flatMap((letter) => [letter.charCodeAt(0), 0]));
}
