/** Summarizes a text, or a file of its node, with the text's own best sentences: no model is needed. */
import { setImmediate as turn } from 'node:timers/promises'
import { textOf } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { defineAgent, inputError } from '../agent.ts'
import type { Agent, AgentOutput, AgentRequest } from '../agent.ts'
import { summarizeText } from './summary.ts'
import type { Breathe } from './text-rank.ts'

const MAX_SENTENCES = 20
/** A node that waits no longer than this between two turns feels idle to its peers. */
const MAX_BREATH_MS = 10

export interface SummarizeAgentComponents {
  readonly clock: Clock
}

export function createSummarizeAgent({ clock }: SummarizeAgentComponents): Agent {
  return defineAgent({
    id: 'summarize',
    name: 'Summarize',
    description:
      'Summarizes a text, or a file that its node shares, by choosing the sentences that say most of it (TextRank). Nothing is made up.',
    skills: [
      {
        id: 'summarize',
        name: 'Summarize',
        description: 'An extractive summary of a text in any language, or of a file by its name.',
        tags: ['summary', 'text', 'extract', 'markdown'],
        examples: [
          'summarize README.md',
          'summarize docs/architecture.md in 3 sentences',
          'A long text, as it is.'
        ]
      }
    ],
    idempotent: true,
    run: (request) => summarize(clock, request)
  })
}

interface Wish {
  /** `undefined`: the text itself is to be summarized. */
  readonly path: string | undefined
  readonly text: string
  /** Sentences; `undefined` leaves it to the length of the text. */
  readonly count: number | undefined
}

async function* summarize(clock: Clock, request: AgentRequest): AsyncGenerator<AgentOutput> {
  const { path, text, count } = parseWish(request.text)
  if (path !== undefined) yield { type: 'progress', text: `reading ${path}`, fraction: 0.1 }
  const document = path === undefined ? text : await readFile(request, path)
  if (Buffer.byteLength(document) > LIMITS.summaryBytes.value) {
    throw inputError('summarize', `the text has more than ${LIMITS.summaryBytes.value} bytes`)
  }
  const { sentences, total } = await summarizeText(document, count, pauses(clock, request.signal))
  if (sentences.length === 0) throw inputError('summarize', 'there is no running text in it')
  const kept = `kept ${sentences.length} of ${total} sentences`
  yield { type: 'progress', text: kept, fraction: 0.9 }
  for (const [index, sentence] of sentences.entries()) {
    const before = sentences[index - 1]
    yield `${separator(before?.block, sentence.block)}${sentence.text}`
  }
}

/** Asks `files`, so that its rules hold; a data part, as a path may look like a sentence. */
async function readFile({ ask }: AgentRequest, path: string): Promise<string> {
  const parts = await ask('files', [{ data: { op: 'read', path } }])
  if (parts.every((part) => part.text === undefined)) {
    throw inputError('summarize', `"${path}" is no text`)
  }
  return textOf(parts)
}

/** A blank line where the source has moved on to another paragraph, else a space. */
function separator(before: number | undefined, now: number): string {
  if (before === undefined) return ''
  return before === now ? ' ' : '\n\n'
}

/** Gives the rest of the node its turn whenever the work has taken {@link MAX_BREATH_MS}. */
function pauses(clock: Clock, signal: AbortSignal): Breathe {
  let since = clock.monotonic()

  async function pause(): Promise<void> {
    await turn()
    signal.throwIfAborted()
    since = clock.monotonic()
  }

  return () => (clock.monotonic() - since < MAX_BREATH_MS ? undefined : pause())
}

const LENGTH =
  /\s+in\s+(?:(?:at most|about|under)\s+)?(\d{1,3}|one|two|three|four|five)\s+sentences?\W*$/i
const NUMBERS: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3, four: 4, five: 5 }
const COMMAND = /^(?:please\s+)?summari[sz]e\b:?\s*(?:(?:the\s+)?file\s+)?/i
/** One word with an ending, or in quotes: nobody's text looks so. */
const PATH = /^(?:(["'`])(.{1,1000})\1|(\S{1,1000}\.\w{1,10}))$/s

function parseWish(input: string): Wish {
  const trimmed = input.trim()
  if (trimmed === '') {
    throw inputError('summarize', 'there is nothing to summarize, try: summarize README.md')
  }
  // Only the end is searched: the pattern would be slow on a long text full of spaces.
  const [found = '', length] = LENGTH.exec(trimmed.slice(-80)) ?? []
  const text = trimmed.slice(0, trimmed.length - found.length).replace(COMMAND, '')
  const [, , quoted, bare] = PATH.exec(text) ?? []
  return { path: quoted ?? bare, text, count: length === undefined ? undefined : toCount(length) }
}

function toCount(length: string): number {
  return Math.min(MAX_SENTENCES, Math.max(1, NUMBERS[length.toLowerCase()] ?? Number(length)))
}
