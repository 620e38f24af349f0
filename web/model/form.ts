/** What somebody typed into a form, and the value that it says: everything wrong is told at once, each where it stands. */
import type { Json } from '../../core/json.ts'
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { ChoiceField, Field, ListField, NumberField, ObjectField, TextField } from './field.ts'

/** As it stands in the fields, whether it makes sense or not. */
export type Draft =
  /** Of text, numbers, choices (the place in their options) and JSON. */
  | string
  /** `null`: not said. */
  | boolean
  | null
  | DraftMembers
  | readonly Draft[]

export interface DraftMembers {
  readonly [name: string]: Draft
}

export interface Problem {
  /** JSON Pointer of the field; empty for the whole. */
  readonly at: string
  readonly message: string
}

export interface Reading {
  /** Absent when nothing was said, and where there are problems. */
  readonly value?: Json
  readonly problems: readonly Problem[]
}

/** What a form begins with: the defaults of its schema. */
export function draftOf(field: Field, value: Json | undefined = field.initial): Draft {
  switch (field.kind) {
    case 'text':
      return typeof value === 'string' ? value : ''
    case 'number':
      return typeof value === 'number' ? String(value) : ''
    case 'boolean':
      return typeof value === 'boolean' ? value : field.required ? false : null
    case 'choice':
      return choiceDraft(field, value)
    case 'object': {
      const known = isJsonObject(value) ? value : {}
      return Object.fromEntries(
        field.members.map(({ name, field: member }) => [
          name,
          draftOf(member, Object.hasOwn(known, name) ? known[name] : member.initial)
        ])
      )
    }
    case 'list':
      return listDraft(field, value)
    case 'raw':
    default:
      return value === undefined ? '' : JSON.stringify(value, undefined, 2)
  }
}

function choiceDraft({ options, required }: ChoiceField, value: Json | undefined): string {
  const wanted = JSON.stringify(value)
  const place = options.findIndex((option) => JSON.stringify(option.value) === wanted)
  if (place >= 0) return String(place)
  return required && options.length === 1 ? '0' : ''
}

function listDraft({ item, least, required }: ListField, value: Json | undefined): Draft {
  if (isJsonList(value)) return value.map((one) => draftOf(item, one))
  // Hostile schemas may ask for a million: whoever means it adds them.
  return required ? Array.from({ length: Math.min(least, 20) }, () => draftOf(item)) : []
}

/** The value that a draft says; what is left out where it may be is left out of the value. */
export function readDraft(field: Field, draft: Draft, at = ''): Reading {
  switch (field.kind) {
    case 'text':
      return readText(field, textIn(draft), at)
    case 'number':
      return readNumber(field, textIn(draft).trim(), at)
    case 'boolean':
      return typeof draft === 'boolean' ? said(draft) : silent(field, at)
    case 'choice': {
      const chosen = draft === '' ? undefined : field.options[Number(draft)]
      return chosen === undefined ? silent(field, at) : said(chosen.value)
    }
    case 'object':
      return readObject(field, draft, at)
    case 'list':
      return readList(field, draft, at)
    case 'raw':
    default:
      return readJson(field, textIn(draft), at)
  }
}

function readText(field: TextField, text: string, at: string): Reading {
  // Nobody means the empty text by an empty field: who does says it as JSON.
  if (text === '') return silent(field, at)
  const { minLength, maxLength = Infinity } = field
  // As JSON Schema counts: in code points.
  const length = Array.from(text).length
  if (length < minLength) return wrong(at, `needs at least ${counted(minLength, 'character')}`)
  if (length > maxLength) {
    return wrong(at, `has ${length} characters, and may have ${maxLength}`)
  }
  return said(text)
}

function readNumber(field: NumberField, text: string, at: string): Reading {
  if (text === '') return silent(field, at)
  const value = Number(text)
  if (!Number.isFinite(value)) return wrong(at, 'is no number')
  const { integer, least, most, multipleOf } = field
  if (integer && !Number.isInteger(value)) return wrong(at, 'has to be a whole number')
  if (least && (least.exclusive ? value <= least.value : value < least.value)) {
    return wrong(at, `has to be ${least.exclusive ? 'above' : 'at least'} ${least.value}`)
  }
  if (most && (most.exclusive ? value >= most.value : value > most.value)) {
    return wrong(at, `has to be ${most.exclusive ? 'below' : 'at most'} ${most.value}`)
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    return wrong(at, `has to be a multiple of ${multipleOf}`)
  }
  return said(value)
}

/** 0.3 is a multiple of 0.1, whatever their binary forms say. */
function isMultiple(value: number, step: number): boolean {
  const ratio = value / step
  return Math.abs(ratio - Math.round(ratio)) <= 1e-9 * Math.max(1, Math.abs(ratio))
}

function readObject({ members, required }: ObjectField, draft: Draft, at: string): Reading {
  const drafts: DraftMembers = isMembers(draft) ? draft : {}
  if (!required && Object.values(drafts).every(isUntouched)) return { problems: [] }
  const problems: Problem[] = []
  const value: Record<string, Json> = {}
  for (const { name, field } of members) {
    const reading = readDraft(field, drafts[name] ?? null, join(at, name))
    problems.push(...reading.problems)
    if (reading.value !== undefined) define(value, name, reading.value)
  }
  return problems.length > 0 ? { problems } : { value, problems }
}

function readList({ item, least, most = Infinity, required }: ListField, draft: Draft, at: string) {
  const drafts = isList(draft) ? draft : []
  if (drafts.length === 0 && !required) return { problems: [] }
  if (drafts.length < least) return wrong(at, `needs at least ${counted(least, 'item')}`)
  if (drafts.length > most) return wrong(at, `has ${drafts.length} items, and may have ${most}`)
  const readings = drafts.map((one, place) => readDraft(item, one, join(at, String(place))))
  const problems = readings.flatMap((reading) => reading.problems)
  if (problems.length > 0) return { problems }
  return said(readings.map(({ value }) => value ?? null))
}

function readJson(field: Field, text: string, at: string): Reading {
  if (text.trim() === '') return silent(field, at)
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse makes nothing else
    return said(JSON.parse(text) as Json)
  } catch (error) {
    return wrong(at, `is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function silent({ required }: Field, at: string): Reading {
  return required ? wrong(at, 'is needed') : { problems: [] }
}

function said(value: Json): Reading {
  return { value, problems: [] }
}

function wrong(at: string, message: string): Reading {
  return { problems: [{ at, message }] }
}

/** Also for a member that is called `__proto__`. */
function define(object: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true
  })
}

function isUntouched(draft: Draft): boolean {
  if (draft === '' || draft === null) return true
  if (typeof draft !== 'object') return false
  return Object.values(draft).every(isUntouched)
}

function textIn(draft: Draft): string {
  return typeof draft === 'string' ? draft : ''
}

function isList(draft: Draft): draft is readonly Draft[] {
  return Array.isArray(draft)
}

export function isMembers(draft: Draft): draft is DraftMembers {
  return typeof draft === 'object' && draft !== null && !Array.isArray(draft)
}

/** Where a member stands, as a JSON Pointer. */
export function join(at: string, name: string): string {
  const escaped = name.replaceAll('~', '~0').replaceAll('/', '~1')
  return `${at}/${escaped}`
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** The same draft with the one at `path` changed. */
export function withDraft(draft: Draft, path: readonly string[], value: Draft): Draft {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (isList(draft)) {
    return draft.map((one, place) => (String(place) === name ? withDraft(one, rest, value) : one))
  }
  const members = isMembers(draft) ? draft : {}
  return { ...members, [name]: withDraft(members[name] ?? null, rest, value) }
}
