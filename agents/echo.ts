/** The simplest agent: proves that a path through the swarm works, and measures it. */
import type { AgentSkill } from '../core/a2a.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentRequest,
  defineAgent,
  inputError
} from './agent.ts'

/** Above this many words, several go into one piece: a long text is no reason for a million events. */
const MAX_PIECES = 256
/** A word without any space must not become one giant event. */
const MAX_PIECE_LENGTH = 64 * 1024

const ECHO_SKILL: AgentSkill = {
  id: 'echo',
  name: 'Echo',
  description:
    'Returns the text it is given, exactly, streamed word by word; files and data come back ' +
    'as they were. Use it to check that a node answers and how fast.',
  tags: ['echo', 'test', 'ping', 'diagnostics', 'streaming'],
  examples: ['hello, swarm', 'The quick brown fox jumps over the lazy dog.']
}

export function createEchoAgent(): Agent {
  return defineAgent({
    id: 'echo',
    name: 'Echo',
    description: 'Says back what you say, word by word. The quickest way to see a swarm work.',
    skills: [ECHO_SKILL],
    inputModes: ['text/plain', 'application/json', 'application/octet-stream'],
    outputModes: ['text/plain', 'application/json', 'application/octet-stream'],
    idempotent: true,
    run: echo
  })
}

async function* echo({ message, text, signal }: AgentRequest): AsyncGenerator<AgentOutput> {
  const others = message.parts.filter((part) => part.text === undefined)
  if (text === '' && others.length === 0) throw inputError('echo', 'there is nothing to say back')
  for (const piece of pieces(text)) {
    signal.throwIfAborted()
    yield piece
  }
  if (others.length > 0) {
    yield { type: 'artifact', artifact: { name: 'attachments', parts: others } }
  }
}

/**
 * Cuts `text` after its words.
 *
 * @yields about {@link MAX_PIECES} pieces at most, which join to `text`
 */
function* pieces(text: string): Generator<string> {
  const enough = text.length / MAX_PIECES
  let from = 0
  for (const { 0: word, index } of text.matchAll(/\S+\s*|\s+/g)) {
    const to = index + word.length
    if (to - from < enough && to < text.length) continue
    yield* cut(text.slice(from, to))
    from = to
  }
  if (from < text.length) yield* cut(text.slice(from))
}

function* cut(piece: string): Generator<string> {
  for (let from = 0; from < piece.length;) {
    let to = Math.min(from + MAX_PIECE_LENGTH, piece.length)
    // Never between the halves of a surrogate pair: each half alone would become U+FFFD in UTF-8.
    if (to < piece.length && isHighSurrogate(piece.charCodeAt(to - 1))) to--
    yield piece.slice(from, to)
    from = to
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
