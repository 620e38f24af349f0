/** What things are called whose values are never shown. */

/** Numbers pass: `tokens: 212` counts, it opens nothing. */
export const SECRET_NAME =
  /secret|passw|passphrase|token|api[-_]?key|private[-_]?key|swarm[-_]?key|psk|authorization|cookie|credential/i

export const HIDDEN = '[secret]'
