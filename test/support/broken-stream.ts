/** One large stream over a link that breaks again and again: what was said, and what arrived of it. */
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { defineAgent } from '../../agents/agent.ts'
import type { Agent } from '../../agents/agent.ts'
import type { Artifact } from '../../core/a2a.ts'
import type { Random } from '../../core/random.ts'
import type { Assembly } from '../../node/assembly.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import { outboxKeys } from '../../tasks/caller/outbox-keys.ts'
import type { OutboxEvent } from '../../tasks/caller/outbox-store.ts'
import { startLinkedNodes } from './linked-nodes.ts'

export interface BrokenStreamInit {
  /** Empty folder for both nodes. */
  readonly folder: string
  readonly random: Random
  readonly breaks: number
  /** The agent says as many, and a little more. */
  readonly bytes: number
  /** Pieces of text of one artifact, or artifacts that are files. */
  readonly form: 'text' | 'files'
}

export interface Content {
  readonly bytes: number
  readonly sha256: string
}

export interface StreamReport {
  readonly breaks: number
  readonly said: Content
  /** From the events as they came. */
  readonly heard: Content
  /** From the artifacts of the result. */
  readonly result: Content
  readonly events: readonly DelegationEvent[]
  /** The worker's event numbers as the caller has them on disk, repeats left out. */
  readonly positions: readonly Position[]
}

/** The agent is no further ahead than this, so that the link breaks under live events and replayed ones alike. */
const LEAD_BYTES = 512 * 1024
const POLL_MS = 2
const MOST_TEXT_CHARACTERS = 24 * 1024
const MOST_FILE_BYTES = 128 * 1024
/** One to four bytes in UTF-8; the longest is two units of a JavaScript string, which may not be parted. */
const ALPHABET = ['a', ' ', '"', '\n', 'ß', '語', '🙂', '🙃']

class Tally implements Content {
  bytes = 0
  readonly #hash = createHash('sha256')

  add(bytes: Uint8Array): void {
    this.bytes += bytes.length
    this.#hash.update(bytes)
  }

  addArtifact({ parts }: Artifact): void {
    for (const { text = '', raw } of parts) {
      this.add(raw === undefined ? Buffer.from(text) : Buffer.from(raw, 'base64'))
    }
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** Starts two nodes, has one of them speak to the other through all the breaks, and stops them. */
export async function streamThroughBreaks(init: BrokenStreamInit): Promise<StreamReport> {
  const [said, heard, result] = [new Tally(), new Tally(), new Tally()]
  const portions = portionsOf(init)
  const nodes = await startLinkedNodes(init.folder, [talker(init, said, heard)])
  const { caller, link } = nodes
  try {
    const { delegations } = caller.work
    const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'go' }] }
    const { id } = await delegations.delegate({ target: '@talk', message, patient: true })
    const events: DelegationEvent[] = []
    for await (const event of delegations.watch(id)) {
      events.push(event)
      if (event.type === 'accepted') link.breakAfter(portions)
      else if (event.type === 'artifact') heard.addArtifact(event.artifact)
      else if (event.type === 'result') for (const one of event.artifacts) result.addArtifact(one)
    }
    const positions = await positionsOf(caller, id)
    return { breaks: link.breaks, said, heard, result, events, positions }
  } finally {
    await nodes.stop()
  }
}

/** Bytes before each break: all breaks fall into what the agent says, at places that differ in everything. */
function portionsOf({ random, breaks, bytes }: BrokenStreamInit): readonly number[] {
  const places = Array.from({ length: breaks }, () => Math.ceil(random.next() * bytes))
  const ascending = places.toSorted((a, b) => a - b)
  return ascending.map((place, index) => Math.max(1, place - (ascending[index - 1] ?? 0)))
}

function talker({ random, bytes, form }: BrokenStreamInit, said: Tally, heard: Tally): Agent {
  return defineAgent({
    id: 'talk',
    description: 'says much',
    skills: [{ id: 'talk', name: 'Talk', description: 'says much', tags: ['test'] }],
    async *run({ signal }) {
      while (said.bytes < bytes) {
        while (said.bytes - heard.bytes > LEAD_BYTES) await delay(POLL_MS, undefined, { signal })
        if (form === 'text') {
          const text = textOf(random)
          said.add(Buffer.from(text))
          yield text
        } else {
          const content = random.bytes(1 + Math.floor(random.next() * MOST_FILE_BYTES))
          said.add(content)
          const raw = Buffer.from(content).toString('base64')
          yield { type: 'artifact', artifact: { parts: [{ raw, filename: 'piece.bin' }] } }
        }
      }
    }
  })
}

function textOf(random: Random): string {
  const length = 1 + Math.floor(random.next() * MOST_TEXT_CHARACTERS)
  return Array.from(random.bytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** Values of the log are events in lines. */
async function positionsOf(caller: Assembly, id: string): Promise<readonly Position[]> {
  const positions: Position[] = []
  for await (const [, value] of caller.database.store.iterate(outboxKeys.events(id))) {
    for (const line of Buffer.from(value).toString().trim().split('\n')) {
      const { position }: OutboxEvent = JSON.parse(line)
      const last = positions.at(-1)
      const repeated = position?.attempt === last?.attempt && position?.seq === last?.seq
      if (position !== undefined && !repeated) positions.push(position)
    }
  }
  return positions
}
