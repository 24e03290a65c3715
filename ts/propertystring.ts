/**
 * RocketMQ's encoded properties: `name U+0001 value U+0002`, repeated. Looking into them, and taking names out.
 *
 * Reads as RocketMQ does: the last U+0002 may be missing, a pair without name or value counts for nothing, the last of several pairs with
 * one name wins. What is not taken out stays byte for byte: the order of names has no meaning, but rewriting would lose what nobody understood.
 */

export const nameEnd = '\x01';
export const valueEnd = '\x02';

/** Properties that the store itself puts into a record, and never shows. */
export function isStoreMark(name: string): boolean {
  return name === '__CRC32#' || name === '__MILLRACE_BATCH';
}

/** Calls `visit` with each pair that counts, and where it begins and ends (its U+0002 included). */
function eachPair(encoded: string, visit: (name: string, value: string, begin: number, end: number) => void): void {
  let nameTo = -1;
  for (let begin = 0; begin < encoded.length; ) {
    const found = encoded.indexOf(valueEnd, begin);
    const valueTo = found < 0 ? encoded.length : found;
    const end = found < 0 ? encoded.length : found + 1;
    // Searched for once, however many malformed pairs come before it: the walk stays linear.
    if (nameTo < begin) nameTo = encoded.indexOf(nameEnd, begin);
    if (nameTo < 0) return;
    if (nameTo > begin && nameTo + 1 < valueTo) visit(encoded.slice(begin, nameTo), encoded.slice(nameTo + 1, valueTo), begin, end);
    begin = end;
  }
}

/** The value of one name; undefined when it is absent or empty. */
export function propertyValue(encoded: string, name: string): string | undefined {
  // Nearly always absent, or there once: the search for the text is cheaper than a walk over all pairs.
  if (!encoded.includes(name + nameEnd)) return undefined;
  let value: string | undefined;
  eachPair(encoded, (each, itsValue) => {
    if (each === name) value = itsValue;
  });
  return value;
}

/** All pairs but the store's marks. */
export function parseProperties(encoded: string): Record<string, string> {
  const properties: Record<string, string> = {};
  eachPair(encoded, (name, value) => {
    if (isStoreMark(name)) return;
    // Assigned, it would become the prototype and vanish.
    if (name === '__proto__')
      Object.defineProperty(properties, name, { value, enumerable: true, configurable: true, writable: true });
    else properties[name] = value;
  });
  return properties;
}

/** The encoded form without the store's marks. */
export function withoutStoreMarks(encoded: string): string {
  if (!encoded.includes('__CRC32#') && !encoded.includes('__MILLRACE_BATCH')) return encoded;
  let kept = '';
  let keptTo = 0;
  eachPair(encoded, (name, _value, begin, end) => {
    if (!isStoreMark(name)) return;
    kept += encoded.slice(keptTo, begin);
    keptTo = end;
  });
  return kept + encoded.slice(keptTo);
}
