/** Agents whose work is worth looking at: they stream, use tools of other nodes, ask back, and wait to be told. */
import { textOf } from '../../core/a2a.ts'
import { callerTexts, defineAgent, inputRequired } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'

const SKILL = { tags: ['travel'] }

/** Takes data by a schema. */
export function forecastAgent(): Agent {
  return defineAgent({
    id: 'forecast',
    description: 'Says what the weather will be.',
    skills: [
      {
        ...SKILL,
        id: 'weather.forecast',
        name: 'Forecast',
        description: 'The weather of a city for some days.',
        inputSchema: {
          type: 'object',
          properties: {
            city: { type: 'string', minLength: 2, description: 'Where.' },
            days: { type: 'integer', minimum: 1, maximum: 14, default: 3 },
            unit: { enum: ['celsius', 'kelvin'], default: 'celsius' },
            wind: { type: 'boolean', description: 'Whether to say how the wind blows.' }
          },
          required: ['city'],
          additionalProperties: false
        }
      }
    ],
    async *run({ message }) {
      const data = message.parts.find((part) => part.data !== undefined)?.data
      const parts = [{ data: { high: 21, asked: data ?? null } }]
      yield { type: 'artifact', artifact: { artifactId: 'result', parts } }
    }
  })
}

/** Asks the forecast of another node as a tool, then says its plan word by word; the last word waits for `go`. */
export function plannerAgent(go: () => Promise<void>): Agent {
  return defineAgent({
    id: 'planner',
    description: 'Plans a day out, by the weather.',
    skills: [
      {
        ...SKILL,
        id: 'plan.day',
        name: 'Plan a day',
        description: 'A plan for one day in a city.',
        examples: ['A day in Rome', 'A rainy day in Bergen with children']
      }
    ],
    async *run({ ask, text }) {
      const call = { callId: 'c1', tool: 'weather.forecast' }
      const input = { city: 'Rome' }
      yield { type: 'progress', text: '', step: { ...call, kind: 'tool-start', input } }
      let node = ''
      const parts = await ask('@forecast', [{ data: input }], {
        onEvent: (event) => {
          if (event.type === 'routed') node = event.node?.name ?? ''
        }
      })
      const output = parts[0]?.data ?? textOf(parts)
      yield {
        type: 'progress',
        text: 'the weather is known',
        fraction: 0.5,
        step: { ...call, kind: 'tool-end', ok: true, tookMs: 12, node, output }
      }
      yield `A plan for “${text}”: `
      yield 'first the market, '
      await go()
      yield 'then the museum.'
    }
  })
}

export function askingAgent(): Agent {
  return defineAgent({
    id: 'booker',
    description: 'Books a table, when it knows for how many.',
    skills: [{ ...SKILL, id: 'book.table', name: 'Book', description: 'Books a table.' }],
    async *run(request) {
      const [, guests] = callerTexts(request)
      yield guests === undefined ? inputRequired('For how many?') : `A table for ${guests}.`
    }
  })
}

/** Says that it works, and nothing else until it is told to stop. */
export function endlessAgent(): Agent {
  return defineAgent({
    id: 'watcher',
    description: 'Watches until it is told to stop.',
    skills: [{ ...SKILL, id: 'watch.sky', name: 'Watch', description: 'Watches the sky.' }],
    async *run({ signal }) {
      yield 'watching'
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
      signal.throwIfAborted()
    }
  })
}

export function echoAgent(): Agent {
  return defineAgent({
    id: 'echo',
    description: 'Says what it hears.',
    skills: [{ ...SKILL, id: 'echo', name: 'Echo', description: 'Says what it hears.' }],
    async *run({ text }) {
      if (text.includes('fail')) throw new Error('told to')
      yield text
    }
  })
}
