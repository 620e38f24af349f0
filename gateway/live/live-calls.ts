/** What can be called over `/v1/live`: the operations of A2A, and what can be watched. */
import { TOPICS } from '../../client/live-api.ts'
import type { Topic } from '../../client/live-api.ts'
import { invalidRequest } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EdgeOperation } from '../../trust/operations.ts'
import type { A2aMethods } from '../a2a/methods.ts'
import { parsePlace, placed } from '../a2a/places.ts'
import type { MemoryOperations } from '../control/memory-operations.ts'
import type { Caller } from '../http/callers.ts'
import type { NodeEvents } from './node-events.ts'

export interface CallOptions {
  readonly caller: Caller
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** The last place that the client holds. */
  readonly after: string | undefined
}

export interface PlacedEvent {
  readonly event: object
  readonly place: string
}

interface CallBase<A> {
  /** What the caller has to be allowed, and of what, a name. */
  readonly needs: (params: JsonObject) => readonly (readonly [EdgeOperation, string])[]
  readonly answer: (params: JsonObject, options: CallOptions) => A
}

export type LiveMethod =
  | (CallBase<Promise<object | null>> & { readonly kind: 'document' })
  | (CallBase<AsyncIterable<PlacedEvent>> & { readonly kind: 'stream' })

export interface LiveCallsComponents {
  readonly methods: A2aMethods
  readonly events: Pick<NodeEvents, 'watch'>
  /** As far as that owner reaches. */
  readonly memoryOf: (owner: string) => Pick<MemoryOperations, 'watch'>
}

const TOPIC_NEEDS: Readonly<Record<Topic, EdgeOperation>> = {
  peers: 'control.read',
  agents: 'agent.list',
  tasks: 'task.follow'
}

export function createLiveCalls({
  methods,
  events,
  memoryOf
}: LiveCallsComponents): ReadonlyMap<string, LiveMethod> {
  const a2a = Array.from(methods, ([name, method]) => [name, ofA2a(method)] as const)
  const watch: LiveMethod = {
    kind: 'stream',
    needs: (params) => topicsIn(params).map((topic) => [TOPIC_NEEDS[topic], topic]),
    answer: (params, { caller, signal, after }) =>
      events.watch(new Set(topicsIn(params)), { owner: caller.owner, signal, after })
  }
  const watchMemory: LiveMethod = {
    kind: 'stream',
    needs: ({ space }) => [['memory.read', textIn('space', space)]],
    answer: ({ space, prefix }, { caller, signal, after }) =>
      placedFacts(
        memoryOf(caller.owner).watch(
          textIn('space', space),
          {
            ...(prefix !== undefined && { prefix: textIn('prefix', prefix) }),
            ...(after !== undefined && { after })
          },
          signal
        )
      )
  }
  return new Map([...a2a, ['Watch', watch], ['WatchMemory', watchMemory]])
}

function ofA2a(method: A2aMethods extends ReadonlyMap<string, infer M> ? M : never): LiveMethod {
  const needs = ({ tenant }: JsonObject) =>
    [[method.operation, typeof tenant === 'string' ? tenant : '']] as const
  if (method.kind === 'document') {
    return {
      kind: 'document',
      needs,
      answer: (params, { caller, signal }) => method.call(params, { owner: caller.owner, signal })
    }
  }
  return {
    kind: 'stream',
    needs,
    async *answer(params, { caller, signal, after }) {
      const options = { owner: caller.owner, signal, after: placeOf(after) }
      const updates = placed((known) => method.call(params, known), options)
      for await (const [place, event] of updates) yield { event, place }
    }
  }
}

async function* placedFacts(
  events: AsyncIterable<{ readonly position: string }>
): AsyncIterable<PlacedEvent> {
  for await (const event of events) yield { event, place: event.position }
}

/** As in `Last-Event-ID` of a stream over SSE. */
function placeOf(after: string | undefined): ReturnType<typeof parsePlace> {
  const place = parsePlace(after ?? '')
  if (after !== undefined && place === undefined) {
    throw invalidRequest('"after" is no place of a task')
  }
  return place
}

function topicsIn({ topics }: JsonObject): readonly Topic[] {
  const named = Array.isArray(topics) ? topics : []
  const known = TOPICS.filter((topic) => named.includes(topic))
  if (known.length === 0 || known.length !== named.length) {
    throw invalidRequest(`"topics" are some of ${TOPICS.join(', ')}`)
  }
  return known
}

function textIn(name: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 256) return value
  throw invalidRequest(`"${name}" is no text`)
}
