/**
 * Small XML documents as trees: descriptors of VIBs and of depots.
 *
 * @module
 */

import sax from "sax";

/** An element of a document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** All text in it itself, without blanks at its ends. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement extends XmlElement {
  text: string;
  readonly children: XmlElement[];
}

/** Descriptors have five levels. */
const MAX_DEPTH = 64;

/**
 * Parses a document. Only the five entities of XML itself are known, and no document type is taken.
 *
 * @returns Its root.
 * @throws {SyntaxError} if it is not well-formed.
 */
export function parseXml(text: string): XmlElement {
  const parser = sax.parser(true, {});
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  const refuse = (what: string): never => {
    throw new SyntaxError(what);
  };
  parser.onerror = (error: Error) => refuse(error.message.split("\n")[0]!);
  parser.ondoctype = () => refuse("it has a document type");
  parser.onopentag = (
    { name, attributes }: { name: string; attributes: Record<string, string> },
  ) => {
    const element: OpenElement = { name, attributes, text: "", children: [] };
    if (open.length >= MAX_DEPTH) refuse("its elements are too deep");
    open.at(-1)?.children.push(element);
    open.push(element);
  };
  parser.ontext = (part: string) => append(part);
  parser.oncdata = (part: string) => append(part);
  parser.onclosetag = () => {
    const element = open.pop()!;
    element.text = element.text.trim();
    root ??= open.length === 0 ? element : undefined;
  };
  const append = (part: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  parser.write(text.replace(/^\uFEFF/, "")).close();
  return root ?? refuse("it holds no element");
}

/** The elements of a name in another, in order. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The first element on a path of names, as in `relationships/depends`. */
export function childAt(element: XmlElement, path: string): XmlElement | undefined {
  return path.split("/").reduce<XmlElement | undefined>(
    (at, name) => at?.children.find((child) => child.name === name),
    element,
  );
}

/** All elements of a name, however deep they are. */
export function descendants(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [
    ...child.name === name ? [child] : [],
    ...descendants(child, name),
  ]);
}
