/** Makes form fields of the JSON Schema that a skill declares; schemas come from strangers, so nothing of them is run. */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonList, isJsonObject } from '../../core/json.ts'

interface Labelled {
  /** Name of the member, or what stands above a nameless field; a stranger's words. */
  readonly label: string
  readonly help?: string
  readonly required: boolean
  readonly initial?: Json
}

export interface TextField extends Labelled {
  readonly kind: 'text'
  readonly minLength: number
  readonly maxLength?: number
  /** Shown, never run: a stranger's pattern can keep a page busy for hours. The worker checks it. */
  readonly pattern?: string
  /** Of the schema: `date`, `email`, `uri`, … */
  readonly format?: string
}

export interface NumberField extends Labelled {
  readonly kind: 'number'
  readonly integer: boolean
  readonly least?: Bound
  readonly most?: Bound
  readonly multipleOf?: number
}

export interface Bound {
  readonly value: number
  readonly exclusive: boolean
}

export interface BooleanField extends Labelled {
  readonly kind: 'boolean'
}

export interface ChoiceField extends Labelled {
  readonly kind: 'choice'
  readonly options: readonly { readonly label: string; readonly value: Json }[]
}

export interface ObjectField extends Labelled {
  readonly kind: 'object'
  readonly members: readonly { readonly name: string; readonly field: Field }[]
}

export interface ListField extends Labelled {
  readonly kind: 'list'
  readonly item: Field
  readonly least: number
  readonly most?: number
}

/** What a form cannot show: typed as JSON. */
export interface RawField extends Labelled {
  readonly kind: 'raw'
}

export type Field =
  | TextField
  | NumberField
  | BooleanField
  | ChoiceField
  | ObjectField
  | ListField
  | RawField

/** A form that is deeper or longer helps nobody, and a hostile schema has no end: the rest is typed as JSON. */
const MOST_DEPTH = 6
const MOST_FIELDS = 200
const MOST_OPTIONS = 200

interface Making {
  readonly root: JsonObject
  readonly count: { fields: number }
}

interface Place {
  readonly label: string
  readonly required: boolean
  readonly depth: number
}

/** The form of a value that fits `schema`; never fails, whatever a stranger declared. */
export function fieldOf(schema: JsonObject, label = ''): Field {
  return make(schema, { label, required: true, depth: 0 }, { root: schema, count: { fields: 0 } })
}

function make(declared: Json | undefined, place: Place, making: Making): Field {
  making.count.fields += 1
  const schema = resolve(declared, making.root)
  const raw: RawField = { kind: 'raw', ...labelled(schema ?? {}, place) }
  if (schema === undefined || place.depth > MOST_DEPTH || making.count.fields > MOST_FIELDS) {
    return raw
  }
  const options = optionsOf(schema)
  if (options !== undefined) {
    return options.length > MOST_OPTIONS
      ? raw
      : { kind: 'choice', ...labelled(schema, place), options }
  }
  return makeTyped(schema, place, making) ?? raw
}

function makeTyped(schema: JsonObject, place: Place, making: Making): Field | undefined {
  const head = labelled(schema, place)
  switch (typeOf(schema)) {
    case 'string':
      return textField(schema, head)
    case 'integer':
    case 'number':
      return numberField(schema, head)
    case 'boolean':
      return { kind: 'boolean', ...head }
    case 'object':
      return objectField(schema, head, { place, making })
    case 'array':
      return listField(schema, head, { place, making })
    case undefined:
    default:
      return undefined
  }
}

function labelled(schema: JsonObject, { label, required }: Place): Labelled {
  const title = text(schema, 'title')
  const help = text(schema, 'description')
  const initial = schema['default']
  return {
    label: label || (title ?? ''),
    ...(help !== undefined && { help }),
    required,
    ...(initial !== undefined && { initial })
  }
}

function textField(schema: JsonObject, head: Labelled): TextField {
  const maxLength = amount(schema, 'maxLength')
  const pattern = text(schema, 'pattern')
  const format = text(schema, 'format')
  return {
    kind: 'text',
    ...head,
    minLength: amount(schema, 'minLength') ?? 0,
    ...(maxLength !== undefined && { maxLength }),
    ...(pattern !== undefined && { pattern }),
    ...(format !== undefined && { format })
  }
}

function numberField(schema: JsonObject, head: Labelled): NumberField {
  const least = bound(schema, 'minimum', 'exclusiveMinimum')
  const most = bound(schema, 'maximum', 'exclusiveMaximum')
  const multipleOf = amount(schema, 'multipleOf')
  return {
    kind: 'number',
    ...head,
    integer: typeOf(schema) === 'integer',
    ...(least && { least }),
    ...(most && { most }),
    ...(multipleOf !== undefined && multipleOf > 0 && { multipleOf })
  }
}

interface Within {
  readonly place: Place
  readonly making: Making
}

/** `undefined` for an object whose members nobody named: only JSON can say those. */
function objectField(
  schema: JsonObject,
  head: Labelled,
  { place, making }: Within
): ObjectField | undefined {
  const properties = schema['properties']
  const isOpen = isJsonObject(schema['additionalProperties']) || 'patternProperties' in schema
  const isJoined = ['allOf', 'anyOf', 'oneOf', 'if', 'not'].some((word) => word in schema)
  if (!isJsonObject(properties) || isOpen || isJoined) return undefined
  const needed = schema['required']
  const required = new Set(isJsonList(needed) ? needed : [])
  const members = Object.entries(properties).map(([name, member]) => ({
    name,
    field: make(
      member,
      { label: name, required: required.has(name), depth: place.depth + 1 },
      making
    )
  }))
  // A member that is needed and not described could not be said.
  const isWhole = [...required].every((name) => typeof name === 'string' && name in properties)
  return isWhole ? { kind: 'object', ...head, members } : undefined
}

function listField(
  schema: JsonObject,
  head: Labelled,
  { place, making }: Within
): ListField | undefined {
  const items = schema['items']
  if (!isJsonObject(items) || 'prefixItems' in schema || 'contains' in schema) return undefined
  const most = amount(schema, 'maxItems')
  return {
    kind: 'list',
    ...head,
    item: make(items, { label: '', required: true, depth: place.depth + 1 }, making),
    least: amount(schema, 'minItems') ?? 0,
    ...(most !== undefined && { most })
  }
}

/** Follows references within the schema, and takes the one alternative that is not `null`. */
function resolve(declared: Json | undefined, root: JsonObject): JsonObject | undefined {
  let schema = declared
  for (let step = 0; step < MOST_DEPTH; step += 1) {
    if (!isJsonObject(schema)) return undefined
    const reference = schema['$ref']
    const alternative = onlyAlternative(schema)
    if (typeof reference === 'string') schema = lookUp(root, reference)
    else if (alternative === undefined) return schema
    else {
      const { anyOf: _, oneOf: __, ...words } = schema
      schema = { ...words, ...alternative }
    }
  }
  return undefined
}

function onlyAlternative(schema: JsonObject): JsonObject | undefined {
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  if (!isJsonList(alternatives)) return undefined
  const rest = alternatives.filter((one) => !isJsonObject(one) || one['type'] !== 'null')
  const [only] = rest
  return rest.length === 1 && isJsonObject(only) ? only : undefined
}

/** Only of this very document, `#/$defs/Name`: nothing is fetched. */
function lookUp(root: JsonObject, reference: string): Json | undefined {
  if (!reference.startsWith('#/')) return undefined
  let found: Json | undefined = root
  for (const step of reference.slice(2).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isJsonObject(found) || !Object.hasOwn(found, name)) return undefined
    found = found[name]
  }
  return found
}

function optionsOf(schema: JsonObject): ChoiceField['options'] | undefined {
  const { const: constant, enum: values, oneOf } = schema
  if (constant !== undefined) return [{ label: labelOf(constant), value: constant }]
  if (isJsonList(values)) return values.map((value) => ({ label: labelOf(value), value }))
  if (!isJsonList(oneOf)) return undefined
  const named = oneOf.flatMap((one) => {
    if (!isJsonObject(one)) return []
    const { const: value, title } = one
    if (value === undefined) return []
    return [{ label: typeof title === 'string' ? title : labelOf(value), value }]
  })
  return named.length === oneOf.length && named.length > 0 ? named : undefined
}

function labelOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The one type besides `null`. */
function typeOf({ type, properties }: JsonObject): string | undefined {
  if (typeof type === 'string') return type
  if (!isJsonList(type)) return properties === undefined ? undefined : 'object'
  const rest = type.filter((one) => one !== 'null')
  return rest.length === 1 && typeof rest[0] === 'string' ? rest[0] : undefined
}

function text(schema: JsonObject, name: string): string | undefined {
  const value = schema[name]
  return typeof value === 'string' ? value : undefined
}

function amount(schema: JsonObject, name: string): number | undefined {
  const value = schema[name]
  return typeof value === 'number' && value >= 0 ? value : undefined
}

function bound(schema: JsonObject, inclusive: string, exclusive: string): Bound | undefined {
  const open = schema[exclusive]
  if (typeof open === 'number') return { value: open, exclusive: true }
  const closed = schema[inclusive]
  if (typeof closed !== 'number') return undefined
  // Draft 4 said it with a truth beside the number.
  return { value: closed, exclusive: open === true }
}
