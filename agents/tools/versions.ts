/** Says which of two versions of a tool is the newer one, by the rules of Semantic Versioning 2.0. */

/** Negative when `a` is older. Texts that are no versions are older than all that are. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined || right === undefined) {
    return Number(left !== undefined) - Number(right !== undefined) || compareText(a, b)
  }
  return compareLists(left.release, right.release) || comparePrereleases(left.pre, right.pre)
}

interface Version {
  readonly release: readonly string[]
  /** Empty for a release, which is newer than all that lead to it. */
  readonly pre: readonly string[]
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d+(?:\.\d+){0,2})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text)
  if (match === null) return undefined
  const [, release = '', pre = ''] = match
  const padded = `${release}.0.0`.split('.').slice(0, 3)
  return { release: padded, pre: pre === '' ? [] : pre.split('.') }
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  return compareLists(a, b)
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    const order = compareIdentifiers(left, right)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Numbers as numbers, and below words. */
function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left && right) return Number(a) - Number(b)
  return Number(right) - Number(left) || compareText(a, b)
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
