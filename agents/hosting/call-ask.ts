/** Questions of a hosted agent to other agents: what they say on the way is told as it is taken. */
import type { Part } from '../../core/a2a.ts'
import { ENSEMBLE_TAKES, isPeerCount } from '../../core/ensemble.ts'
import type { EnsembleOptions } from '../../core/ensemble.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AgentRequest } from '../agent.ts'
import { ProtocolFlaw, textOf } from './call-lines.ts'
import type { Answer, MadeCall } from './line-calls.ts'

export function askThrough(
  ask: AgentRequest['ask'],
  { params, streams, signal }: MadeCall
): Answer {
  const target = textOf(params, 'target')
  const parts = partsOf(params['input'])
  const ensemble = ensembleOf(params['ensemble'])
  const options = { signal, ...(ensemble && { ensemble }) }
  if (!streams) return ask(target, parts, options)
  const feed = createFeed()
  return feed.until(
    ask(target, parts, {
      ...options,
      onText: (text) => feed.text({}, text),
      onEvent: (event) => feed.push({ event })
    })
  )
}

function ensembleOf(value: Json | undefined): EnsembleOptions | undefined {
  if (value === undefined) return undefined
  const { peers, take, judge } = isJsonObject(value) ? value : {}
  const known = ENSEMBLE_TAKES.find((name) => name === take)
  const isWhole =
    isPeerCount(peers) &&
    (take === undefined || known !== undefined) &&
    (judge === undefined || typeof judge === 'string')
  if (!isWhole) throw new ProtocolFlaw('a question to several that cannot be')
  return { peers, ...(known && { take: known }), ...(judge !== undefined && { judge }) }
}

/** The parts of what is asked: texts are the usual case. */
function partsOf(input: Json | undefined): readonly Part[] {
  if (typeof input === 'string') return [{ text: input }]
  if (Array.isArray(input) && input.every(isJsonObject)) return input
  throw new ProtocolFlaw('a question that is neither text nor parts')
}

/** What somebody tells by calling back, for a reader with a pace of its own. */
export interface Feed {
  /** Joined with the text before it that was not taken yet; the beginning is lost beyond `agentAskBytes`. */
  text(of: object, text: string): void
  /** Left out when too many wait. */
  push(item: object): void
  /** @yields what is told until `done` resolves; returns what it resolves to */
  until<T>(done: Promise<T>): AsyncGenerator<object, T, void>
}

export function createFeed(): Feed {
  let waiting: JsonObject[] = []
  let wake: (() => void) | undefined

  function add(item: object): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- pieces of text and events, which are JSON
    waiting.push(item as JsonObject)
    wake?.()
  }

  return {
    text(of, text) {
      const last = waiting.at(-1)
      const before = last?.['text']
      if (typeof before !== 'string') return add({ ...of, text })
      waiting[waiting.length - 1] = {
        ...last,
        text: (before + text).slice(-LIMITS.agentAskBytes.value)
      }
    },
    push(item) {
      if (waiting.length < LIMITS.hostCallWindow.value) add(item)
    },
    async *until(done) {
      let over = false
      const end = (): void => {
        over = true
        wake?.()
      }
      done.then(end, end)
      for (;;) {
        const taken = waiting
        waiting = []
        yield* taken
        if (waiting.length > 0) continue
        if (over) return done
        // oxlint-disable-next-line no-await-in-loop -- until there is something to tell
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  }
}
