/** Stories of tasks as the control API tells them, in few words. */
import type { RunEvent } from '../../client/api.ts'

export const worker = { id: '12D3KooWBob', name: 'bob' }
export const task = '0193b5a0-0000-7000-8000-00007f3a9c1e'

export type Unnumbered = RunEvent extends infer Event ? Omit<Event, 'v' | 'seq'> : never

export function events(list: readonly Unnumbered[]): RunEvent[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- spreading a union loses its members
  return list.map((event, seq) => ({ v: 1, seq, ...event }) as RunEvent)
}

export function chunk(text: string, append: boolean): Unnumbered {
  const artifact = { artifactId: 'result', parts: [{ text }] }
  return { type: 'artifact', artifact, append, lastChunk: false, atMs: 1 } as Unnumbered
}

export function result(state: string, more: object = {}): Unnumbered {
  const artifacts = [{ artifactId: 'result', parts: [{ text: 'one two' }] }]
  return {
    type: 'result',
    task: { id: task, state, artifacts },
    worker,
    tookMs: 214,
    firstEventMs: 31,
    ...more
  } as Unnumbered
}

export const routed = {
  type: 'routed',
  candidates: 2,
  worker,
  agent: 'echo',
  path: 'direct',
  lookupMs: 3
} as Unnumbered

/** What an agent tells of its work. */
export function step(details: object): Unnumbered {
  return { type: 'status', state: 'TASK_STATE_WORKING', step: details, atMs: 5 } as Unnumbered
}

/** A call of a tool on another node, from its beginning to its end. */
export const calculated = {
  start: step({ kind: 'tool-start', callId: '1', tool: 'calc', input: { expression: '84*6' } }),
  end: step({
    kind: 'tool-end',
    callId: '1',
    tool: 'calc',
    ok: true,
    tookMs: 11,
    output: 504,
    node: 'eve'
  })
}
