/** Forms of skills' schemas: what they show, what they say, and what they refuse. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../../../core/json.ts'
import { fieldOf } from '../../../web/model/field.ts'
import { draftOf, readDraft, withDraft } from '../../../web/model/form.ts'
import type { Draft } from '../../../web/model/form.ts'

const trip = {
  type: 'object',
  properties: {
    city: { type: 'string', minLength: 2, description: 'Where to.' },
    days: { type: 'integer', minimum: 1, maximum: 14, default: 3 },
    style: { enum: ['calm', 'full', 7] },
    hotel: {
      type: 'object',
      properties: { stars: { type: 'number', exclusiveMinimum: 0 }, pool: { type: 'boolean' } },
      required: ['stars']
    },
    guests: { type: 'array', items: { type: 'string' }, minItems: 1 }
  },
  required: ['city', 'guests']
} satisfies JsonObject

function read(schema: JsonObject, ...changes: readonly (readonly [path: string, draft: Draft])[]) {
  const field = fieldOf(schema)
  const draft = changes.reduce(
    (before, [path, value]) => withDraft(before, path.split('.'), value),
    draftOf(field)
  )
  return readDraft(field, draft)
}

test('a filled form says its value, with defaults, and without what was left out', () => {
  const reading = read(trip, ['city', 'Rome'], ['guests', ['Ada']], ['style', '2'])
  expect(reading.value).toEqual({ city: 'Rome', days: 3, style: 7, guests: ['Ada'] })
})

test('an optional object counts as soon as one of its members is said', () => {
  const filled = [
    ['city', 'Rome'],
    ['guests', ['Ada']]
  ] as const
  expect(read(trip, ...filled, ['hotel.pool', false]).problems).toEqual([
    { at: '/hotel/stars', message: 'is needed' }
  ])
  expect(read(trip, ...filled, ['hotel.stars', '4.5']).value).toMatchObject({
    hotel: { stars: 4.5 }
  })
})

test('everything that is wrong is told at once, where it stands', () => {
  const { problems, value } = read(
    trip,
    ['city', 'R'],
    ['days', '15'],
    ['guests', ['Ada', '']],
    ['hotel.stars', 'four']
  )
  expect(value).toBeUndefined()
  expect(problems).toEqual([
    { at: '/city', message: 'needs at least 2 characters' },
    { at: '/days', message: 'has to be at most 14' },
    { at: '/hotel/stars', message: 'is no number' },
    { at: '/guests/1', message: 'is needed' }
  ])
})

test.for([
  [{ type: 'integer' }, '1.5', 'has to be a whole number'],
  [{ type: 'number', exclusiveMinimum: 0 }, '0', 'has to be above 0'],
  [{ type: 'number', multipleOf: 0.1 }, '0.25', 'has to be a multiple of 0.1'],
  [{ type: 'string', maxLength: 2 }, 'abc', 'has 3 characters, and may have 2'],
  [{ type: 'array', items: {}, maxItems: 1 }, ['1', '2'], 'has 2 items, and may have 1'],
  [{ not: {} }, '{', expect.stringMatching(/^is no JSON/)]
] as const)('%j refuses %j', ([schema, draft, message]) => {
  expect(readDraft(fieldOf(schema), draft).problems).toEqual([{ at: '', message }])
})

test.for([
  ['what may be null', { anyOf: [{ type: 'string' }, { type: 'null' }], default: null }, 'text'],
  ['several types', { type: ['integer', 'null'] }, 'number'],
  [
    'a reference',
    { $ref: '#/$defs/Mood', $defs: { Mood: { enum: ['glad'] } } } as JsonObject,
    'choice'
  ],
  ['named constants', { oneOf: [{ const: 1, title: 'one' }] }, 'choice'],
  ['members that nobody named', { type: 'object', additionalProperties: {} }, 'raw'],
  ['alternatives', { anyOf: [{ type: 'string' }, { type: 'number' }] }, 'raw'],
  ['a needed member without a schema', { type: 'object', properties: {}, required: ['a'] }, 'raw'],
  ['anything', {}, 'raw'],
  ['a reference elsewhere', { $ref: 'https://example.com/schema' }, 'raw']
] as const)('%s: %j makes a field', ([, schema, kind]) => {
  expect(fieldOf(schema).kind).toBe(kind)
})

test('a schema that holds itself ends in a field for JSON', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
  const field = fieldOf({ $ref: '#/$defs/node', $defs: { node } } as JsonObject)
  expect(JSON.stringify(field)).toContain('"kind":"raw"')
})

test('a member that is called __proto__ is one like any other', () => {
  const properties = JSON.parse('{"__proto__":{"type":"string"}}') as JsonObject
  const field = fieldOf({ type: 'object', properties })
  const draft = JSON.parse('{"__proto__":"x"}') as Draft
  expect(JSON.stringify(readDraft(field, draft).value)).toBe('{"__proto__":"x"}')
})

function optional<T>(arbitrary: fc.Arbitrary<T>) {
  return fc.option(arbitrary, { nil: undefined })
}

test('what a form lets pass, the schema does; what it was given, it gives back', () => {
  const valid = new Ajv2020({ strict: false }).compile(trip)
  const field = fieldOf(trip)
  const value = fc.record({
    city: fc.string({ maxLength: 4 }),
    days: optional(fc.integer({ min: -1, max: 16 })),
    style: optional(fc.constantFrom('calm', 'full', 7)),
    hotel: optional(fc.record({ stars: fc.integer({ min: -1, max: 5 }), pool: fc.boolean() })),
    guests: fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 3 })
  })
  fc.assert(
    fc.property(value, (given) => {
      const json = JSON.parse(JSON.stringify({ ...given, days: given.days ?? 3 })) as Json
      const reading = readDraft(field, draftOf(field, json))
      expect(reading.problems.length === 0).toBe(valid(json))
      if (reading.problems.length === 0) expect(reading.value).toEqual(json)
    })
  )
})
