/** Paths as callers write them: always relative to a shared folder, never able to leave it. */

/** PATH_MAX of Linux. */
const MAX_PATH_BYTES = 4096
const MAX_SEGMENTS = 128

/**
 * Control characters (NUL ends a path in C), the bidirectional controls that make one name look
 * like another, and the backslash, which separates folders on Windows only.
 */
const FORBIDDEN = /[\p{Cc}\p{Bidi_Control}\\]/u

/**
 * The names on the way to `path`, `[]` for the shared folder itself; `undefined` for whatever could
 * lead elsewhere: absolute paths, `..` even where it would stay inside, hidden names, odd characters.
 * Nothing is decoded or normalized: `%2e%2e` and full-width dots are ordinary names.
 */
export function parseSharePath(path: string): readonly string[] | undefined {
  if (path.startsWith('/') || path.startsWith('~')) return undefined
  if (FORBIDDEN.test(path) || !path.isWellFormed()) return undefined
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return undefined
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (names.length > MAX_SEGMENTS || names.some(isHidden)) return undefined
  return names
}

/** Hidden files hold secrets and histories (.env, .git, .ssh) that nobody means to share. */
export function isHidden(name: string): boolean {
  return name.startsWith('.')
}

/** Whether a name on disk can be shown and asked for. */
export function isShareable(name: string): boolean {
  return parseSharePath(name)?.length === 1
}
