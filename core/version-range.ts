/** Versions and ranges of them, as users of npm know both: `^1.2`, `>=1.2 <2`, `1.x || 3`. */
import Range from 'semver/classes/range.js'
import parse from 'semver/functions/parse.js'

/** Cards are written by people: `v1.4`, `1.4` and `2024.01.15` are versions, too. */
const LOOSE = { loose: true }
const SHORT = /^v?(\d{1,9})(?:\.(\d{1,9}))?$/i

export interface VersionRange {
  /** False for what is no version. */
  has(version: string): boolean
}

/** `undefined` for what is no range. A version before a release (`2.0.0-rc.1`) is in no range that does not name one. */
export function parseVersionRange(text: string): VersionRange | undefined {
  let range: Range
  try {
    range = new Range(text, LOOSE)
  } catch {
    return undefined
  }
  return {
    has(version) {
      const [, major, minor = '0'] = SHORT.exec(version) ?? []
      const parsed = parse(major === undefined ? version : `${major}.${minor}.0`, LOOSE)
      return parsed !== null && range.test(parsed)
    }
  }
}
