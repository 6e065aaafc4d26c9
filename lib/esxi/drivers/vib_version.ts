/**
 * Orders versions of VIBs.
 *
 * @module
 */

/**
 * Compares two versions of a VIB, such as `1.4.1.7-1vmw.703.0.0.18644231`: the version before the
 * hyphen first, then the release; in each numbers by their value and letters by theirs, from the
 * first on that differs.
 *
 * @returns Less than zero if the first is older, more if it is newer.
 */
export function compareVibVersions(a: string, b: string): number {
  const [version, ...release] = a.split("-");
  const [otherVersion, ...otherRelease] = b.split("-");
  return compareParts(version!, otherVersion!) ||
    compareParts(release.join("-"), otherRelease.join("-"));
}

function compareParts(a: string, b: string): number {
  const [parts, others] = [partsOf(a), partsOf(b)];
  for (const [i, part] of parts.entries()) {
    const other = others[i];
    if (other === undefined) return 1;
    const difference = Number(part) - Number(other);
    if (Number.isNaN(difference) && part !== other) return part < other ? -1 : 1;
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return parts.length - others.length;
}

function partsOf(text: string): string[] {
  return text.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
}
