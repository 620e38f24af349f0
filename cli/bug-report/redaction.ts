/** Takes out of a text or a document what must not leave this machine: secrets by name, by form and by value. */
import type { Json, JsonObject } from '../../core/json.ts'
import { HIDDEN, SECRET_NAME } from '../../core/secret-names.ts'

export interface Redaction {
  readonly text: (text: string) => string
  readonly json: (value: unknown) => Json
}

export interface RedactionInit {
  /** Values that are known to be secret, wherever they turn up. */
  readonly secrets: readonly string[]
  /** Home directory of this user, whose name is in it. */
  readonly home: string
}

/** A shorter one would be found in the midst of words. */
const MIN_SECRET = 8

/** Things that open something and are known by how they look. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/lumos1_[\w-]{16,}/g, '[invite]'],
  [/lumos_[0-9a-f]{16}_[\w-]{16,}/g, '[token]'],
  [/lumosdash_[\w-]{16,}/g, '[token]'],
  [/\b[\w-]{16,}\.[\w-]{16,}\.[\w-]{16,}\b/g, '[token]'],
  [/\bsk-[\w-]{12,}/g, '[key]'],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, '$1 [secret]'],
  [/(:\/\/)[^\s/@"']+@/g, '$1[secret]@'],
  [/\b[0-9a-fA-F]{64}\b/g, '[64 hex digits]'],
  [/-----BEGIN [A-Z ]*KEY-----[^-]*-----END [A-Z ]*KEY-----/g, '[key]']
]

/** Their values are given to programs as they are. */
const OPAQUE = /^(env|environment|headers?)$/i
/** Not the thing itself but where it is: `env:OPENAI_API_KEY`. */
const REFERENCE = /^(env|file):/

export function createRedaction({ secrets, home }: RedactionInit): Redaction {
  const spellings = secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    .flatMap((secret) => spellingsOf(secret))
    .toSorted((a, b) => b.length - a.length)

  function text(given: string): string {
    let clean = given
    for (const spelling of spellings) clean = clean.replaceAll(spelling, HIDDEN)
    for (const [form, word] of FORMS) clean = clean.replaceAll(form, word)
    return home.length > 1 ? clean.replaceAll(home, '~') : clean
  }

  function json(value: unknown, opaque = false): Json {
    if (typeof value === 'string') return opaque && !REFERENCE.test(value) ? HIDDEN : text(value)
    if (typeof value === 'number' || typeof value === 'boolean') return value
    if (Array.isArray(value)) return value.map((item) => json(item, opaque))
    if (typeof value !== 'object' || value === null) return null
    return Object.fromEntries(
      Object.entries(value).map(([name, item]): [string, Json] => [
        text(name),
        json(item, opaque || OPAQUE.test(name) || isSecretName(name))
      ])
    )
  }

  return { text, json: (value) => json(value) }
}

function isSecretName(name: string): boolean {
  // The path of a file with a secret is none.
  return (SECRET_NAME.test(name) && !/file$/i.test(name)) || name === 'key'
}

/** As it is, and as programs write it down. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const raw = /^([0-9a-f]{2})+$/i.test(secret) ? [Buffer.from(secret, 'hex')] : []
  return Array.from(
    new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      ...[bytes, ...raw].flatMap((each) => [
        // What follows the secret changes its last letters.
        each.toString('base64').replace(/=+$/, '').slice(0, -1),
        each.toString('base64url').slice(0, -1),
        each.toString('hex')
      ])
    ])
  ).filter((spelling) => spelling.length >= MIN_SECRET)
}

/** Parts that never touch what people and agents say to each other: their lines stay whole. */
const DEAF =
  /^(node|stderr|log|libp2p|network|session|discovery|peers|pubsub|storage|trust|members|blobs)\b/
/** Their messages are words of ours, but what stands beside them may quote. */
const QUOTING = /^(control|gateway|memory|models|push|routing|search|tasks|tools)\b/

interface Line {
  readonly component: string
  readonly message: string
  readonly fields: JsonObject
}

/** Without prompts, answers, facts and what programs print: of those parts names, codes and numbers are left. */
export function withoutContent<L extends Line>(line: L): L {
  const { component, message, fields } = line
  if (DEAF.test(component)) return line
  return {
    ...line,
    message: QUOTING.test(component) ? message : `[${message.length} characters]`,
    fields: wordsOf(fields)
  }
}

/** An id, a code, a path; a sentence has a space, and what has none but is long is no name either. */
const WORD = /^[^\s"']{1,80}$/

function wordsOf(fields: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, wordOf(value)] as const)
  )
}

function wordOf(value: Json | undefined): Json {
  if (typeof value === 'string') return WORD.test(value) ? value : `[${value.length} characters]`
  if (typeof value !== 'object' || value === null) return value ?? null
  return isList(value) ? value.map((item) => wordOf(item)) : wordsOf(value)
}

function isList(value: JsonObject | readonly Json[]): value is readonly Json[] {
  return Array.isArray(value)
}
