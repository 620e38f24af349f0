/** What was said in a thread before, so that whoever goes on with it sees where it stands. */
import type { Client } from '../client/calls.ts'
import { isJsonList, isJsonObject } from '../core/json.ts'
import type { Json } from '../core/json.ts'
import type { Fact } from '../core/memory.ts'
import type { Cli } from './cli.ts'
import { printable } from './width.ts'

/** More than a screen has is no help. */
const MESSAGES = 20
/** The kept form of a message is read on past those that have no text: calls of tools, what they saw. */
const FACTS = 100
/** Where the agent chat keeps its conversations (docs/memory.md, "Threads"). */
const SPACE = 'shared'

interface Said {
  readonly role: string
  text: string
}

/** The newest messages, oldest first; nothing for a thread that this node does not know, or cannot. */
export async function readHistory(client: Client, thread: string, cli: Cli): Promise<Said[]> {
  const prefix = `thread/${encodeURIComponent(thread)}/`
  try {
    const { facts } = await client.memory.list(
      SPACE,
      { prefix, limit: FACTS, reverse: true },
      cli.call()
    )
    return joined(facts.toReversed()).slice(-MESSAGES)
  } catch {
    // A node without memory talks all the same, and what is wrong with it the first message tells.
    return []
  }
}

/** A long message is kept in pieces. */
function joined(facts: readonly Fact[]): Said[] {
  const all: Said[] = []
  for (const { value } of facts) {
    if (!isJsonObject(value) || !isJsonList(value['parts'])) continue
    const { role, parts } = value
    const text = parts.flatMap(textOf).join('\n')
    const last = all.at(-1)
    if ((role !== 'user' && role !== 'assistant') || text === '') continue
    if (last?.role === role && parts.some(goesOn)) last.text += text
    else all.push({ role, text })
  }
  return all
}

function textOf(part: Json): string[] {
  return isJsonObject(part) && typeof part['text'] === 'string' ? [part['text']] : []
}

function goesOn(part: Json): boolean {
  const metadata = isJsonObject(part) ? part['metadata'] : undefined
  return isJsonObject(metadata) && metadata['continues'] === true
}

export function renderHistory(messages: readonly Said[], cli: Cli): string {
  const { faint } = cli.err()
  return messages
    .flatMap(({ role, text }) => {
      const [first = '', ...rest] = printable(text).trimEnd().split('\n')
      return [`${role === 'user' ? '› ' : '  '}${first}`, ...rest.map((line) => `  ${line}`)]
    })
    .map((line) => `${faint(line)}\n`)
    .join('')
}
