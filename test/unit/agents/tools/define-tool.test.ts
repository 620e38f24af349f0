import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { z as zod3 } from 'zod/v3'
import { asTool, tool } from '../../../../agents/tools/define-tool.ts'
import type { StandardSchema } from '../../../../agents/tools/standard-schema.ts'
import type { ToolEffect } from '../../../../agents/tools/tool.ts'
import { toolContext } from '../../../support/tool-context.ts'

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', default: 3 } },
  required: ['city'],
  additionalProperties: false
} as const

function weather() {
  return tool({
    id: 'weather',
    description: 'Tells the weather.',
    inputSchema: CITY,
    execute: ({ city, days }) => `${city as string} for ${days as number} days: rain`
  })
}

async function use(made: ReturnType<typeof asTool>, input: unknown): Promise<unknown> {
  return made.execute(await made.parse(input), toolContext())
}

function parseWeather(input: unknown): Promise<unknown> {
  return weather().parse(input)
}

function egressOf(effects: readonly ToolEffect[], egress?: boolean): boolean {
  return tool({ ...BASE, effects, ...(egress !== undefined && { egress }) }).egress
}

const BASE = { id: 'a', description: 'A.', execute: () => null }

function returning(value: unknown, outputSchema?: { readonly type: string }): Promise<unknown> {
  return use(tool({ ...BASE, execute: () => value, ...(outputSchema && { outputSchema }) }), {})
}

describe('a tool with a JSON Schema', () => {
  test('checks its input, fills in defaults, and leaves what it was given as it was', async () => {
    const given = { city: 'Rome' }
    expect(await use(weather(), given)).toBe('Rome for 3 days: rain')
    expect(given).toEqual({ city: 'Rome' })
  })

  test('says what is wrong in words that a model can act upon', async () => {
    await expect(parseWeather({ town: 'Rome' })).rejects.toMatchObject({
      code: 'TOOL_INPUT',
      details: { reason: `must have required property 'city'` }
    })
    await expect(parseWeather({ city: 'Rome', days: 'two' })).rejects.toThrow(
      'days: must be integer'
    )
    await expect(parseWeather({ city: 'Rome', sky: 1 })).rejects.toThrow('("sky")')
    await expect(parseWeather('Rome')).rejects.toThrow('must be object')
  })

  test('reads schemas of older drafts, and names the choices there are', async () => {
    const made = tool({
      id: 'old',
      description: 'Of a server that is older.',
      inputSchema: {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: { unit: { enum: ['C', 'F'] } }
      },
      execute: ({ unit }) => unit
    })
    expect(await use(made, { unit: 'C' })).toBe('C')
    await expect(made.parse({ unit: 'K' })).rejects.toThrow('(C, F)')
  })

  test('refuses an input where it is given, also by a schema that asks to be checked later', async () => {
    const inputSchema = { type: 'object', $async: true, required: ['city'] }
    await expect(tool({ ...BASE, inputSchema }).parse({})).rejects.toThrow(
      `must have required property 'city'`
    )
  })

  test('fails with the first input when the schema itself is broken, and not the node', async () => {
    const made = tool({
      id: 'broken',
      description: 'Has a schema that is none.',
      inputSchema: { type: 'object', properties: { a: { type: 'nonsense' } } },
      execute: () => null
    })
    await expect(made.parse({})).rejects.toThrow('type')
  })
})

describe('a tool with a schema of zod', () => {
  test('is told to models as JSON Schema, and gives its types to execute', async () => {
    const made = tool({
      id: 'weather',
      description: 'Tells the weather.',
      inputSchema: z.object({
        city: z.string().describe('Its name.'),
        days: z.number().default(3)
      }),
      outputSchema: z.object({ text: z.string() }),
      execute: ({ city, days }) => {
        expectTypeOf(city).toEqualTypeOf<string>()
        expectTypeOf(days).toEqualTypeOf<number>()
        return { text: `${city} ${days}` }
      }
    })
    expect(made.inputSchema).toMatchObject({
      type: 'object',
      properties: { city: { type: 'string', description: 'Its name.' } },
      required: ['city']
    })
    expect(made.outputSchema).toMatchObject({ type: 'object' })
    expect(await use(made, { city: 'Rome' })).toEqual({ text: 'Rome 3' })
    await expect(made.parse({ city: 4 })).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  })

  test('of version 3 is refused with what to do instead', () => {
    const inputSchema = zod3.object({ city: zod3.string() }) as unknown as StandardSchema
    const make = () => tool({ id: 'a', description: 'A.', inputSchema, execute: () => null })
    expect(make).toThrow('zod 4')
  })
})

test('a schema of another library is asked for its JSON Schema and for its verdict', async () => {
  const inputSchema: StandardSchema<{ n: string }, { n: number }> = {
    '~standard': {
      version: 1,
      vendor: 'somebody',
      validate: async (value) => {
        const n = Number((value as { n: string }).n)
        return Number.isNaN(n)
          ? { issues: [{ message: 'no number', path: [{ key: 'n' }] }] }
          : { value: { n } }
      },
      jsonSchema: {
        input: () => ({ type: 'object', properties: { n: { type: 'string' } } }),
        output: () => ({ type: 'object', properties: { n: { type: 'number' } } })
      }
    }
  }
  const made = tool({ id: 'a', description: 'A.', inputSchema, execute: ({ n }) => n + 1 })
  expect(made.inputSchema).toHaveProperty(['properties', 'n', 'type'], 'string')
  expect(await use(made, { n: '41' })).toBe(42)
  await expect(made.parse({ n: 'x' })).rejects.toThrow('n: no number')
})

describe('the definition of a tool', () => {
  test.each([
    ['an id that no model takes', { ...BASE, id: 'a b' }, 'id'],
    ['no description', { ...BASE, description: ' ' }, 'description'],
    ['an effect that is none', { ...BASE, effects: ['fly'] as never }, 'fly'],
    ['an input that is no object', { ...BASE, inputSchema: { type: 'string' } }, 'object'],
    ['a limit that is none', { ...BASE, timeoutMs: 0 }, 'timeoutMs']
  ])('with %s is refused', (_, definition, reason) => {
    expect(() => tool(definition)).toThrow(TypeError)
    expect(() => tool(definition)).toThrow(reason)
  })

  test('says by its effects whether secrets could leave through it, unless it says so itself', () => {
    expect(egressOf([])).toBe(false)
    expect(egressOf(['read-private'])).toBe(false)
    expect(egressOf(['network'])).toBe(true)
    expect(egressOf(['write'])).toBe(true)
    expect(egressOf(['execute'])).toBe(true)
    expect(egressOf(['write'], false)).toBe(false)
  })
})

describe('what a tool returns', () => {
  test('becomes JSON: dates are texts, nothing is null', async () => {
    expect(await returning(undefined)).toBeNull()
    expect(await returning({ at: new Date(0), no: undefined })).toEqual({
      at: '1970-01-01T00:00:00.000Z'
    })
    const plain = { a: [1, 'x', null] }
    expect(await returning(plain)).toBe(plain)
  })

  test('and is no JSON, or not what its schema says, is the failure of the tool', async () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    for (const value of [circle, 10n]) {
      await expect(returning(value)).rejects.toMatchObject({ code: 'TOOL_OUTPUT' })
    }
    await expect(returning('text', { type: 'number' })).rejects.toMatchObject({
      code: 'TOOL_OUTPUT',
      details: { tool: 'a', reason: 'must be number' }
    })
  })
})

describe('what others bring as a tool', () => {
  /** As `createTool` of @mastra/core 1.x builds it. */
  class MastraTool {
    readonly id = 'weather'
    readonly description = 'Tells the weather.'
    readonly inputSchema = z.object({ days: z.string().transform(Number) })
    readonly outputSchema = z.object({ text: z.string() })
    readonly requireApproval: boolean
    constructor(requireApproval = false) {
      this.requireApproval = requireApproval
    }
    readonly execute = async (input: unknown, context: { abortSignal: AbortSignal }) => {
      const result = this.inputSchema.safeParse(input)
      if (!result.success) {
        return { error: true, message: 'bad input', validationErrors: { errors: [] } }
      }
      context.abortSignal.throwIfAborted()
      return { text: `${result.data.days} days of rain` }
    }
  }

  test('is used as it is when Mastra made it', async () => {
    const made = asTool(new MastraTool())
    expect(made.inputSchema).toHaveProperty(['properties', 'days', 'type'], 'string')
    expect(await use(made, { days: '2' })).toEqual({ text: '2 days of rain' })
    await expect(made.parse({ days: 2 })).rejects.toMatchObject({ code: 'TOOL_INPUT' })
    await expect(made.execute({ days: 2 }, toolContext())).rejects.toThrow('bad input')
  })

  test('is thought to reach the network and to bring what strangers wrote, if it says nothing', () => {
    expect(asTool(new MastraTool())).toMatchObject({
      effects: ['network'],
      untrusted: true,
      egress: true,
      asks: false
    })
    const quiet = { id: 'a', description: 'A.', effects: [], execute: () => null }
    expect(asTool(quiet)).toMatchObject({ effects: [], untrusted: false, egress: false })
  })

  test('asks a person when its author wants that', () => {
    expect(asTool(new MastraTool(true)).asks).toBe(true)
  })

  test('stays what it is when it is a tool already', () => {
    const made = weather()
    expect(asTool(made)).toBe(made)
  })

  test('and is none is refused', () => {
    expect(() => asTool({ id: 'a' })).toThrow(TypeError)
  })
})
