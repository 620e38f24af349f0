/** Summarizes a text, or a file of its node, with the text's own best sentences: no model is needed. */
import { setImmediate as turn } from 'node:timers/promises'
import { textOf } from '../../core/a2a.ts'
import { LIMITS } from '../../core/limits.ts'
import { defineAgent, inputError } from '../agent.ts'
import type { Agent, AgentOutput, AgentRequest } from '../agent.ts'
import { proseBlocks } from './blocks.ts'
import { sentencesOf } from './sentences.ts'
import type { Sentence } from './sentences.ts'
import { bestSentences } from './text-rank.ts'

const DEFAULT_SENTENCES = 4
const MAX_SENTENCES = 20

export function createSummarizeAgent(): Agent {
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
    run: summarize
  })
}

interface Wish {
  /** `undefined`: the text itself is to be summarized. */
  readonly path: string | undefined
  readonly text: string
  readonly count: number
}

async function* summarize(request: AgentRequest): AsyncGenerator<AgentOutput> {
  const { path, text, count } = parseWish(request.text)
  if (path !== undefined) yield { type: 'progress', text: `reading ${path}`, fraction: 0.1 }
  const document = path === undefined ? text : textOf(await request.ask('files', `read ${path}`))
  const sentences = readSentences(document)
  yield { type: 'progress', text: `ranking ${sentences.length} sentences`, fraction: 0.4 }
  const chosen = await bestSentences(sentences, count, async () => {
    await turn()
    request.signal.throwIfAborted()
  })
  for (const [place, index] of chosen.entries()) {
    const sentence = sentences[index]
    if (sentence === undefined) continue
    yield `${separator(sentences, chosen, place)}${sentence.text}`
  }
}

/** A blank line where the source has moved on to another paragraph, else a space. */
function separator(
  sentences: readonly Sentence[],
  chosen: readonly number[],
  place: number
): string {
  if (place === 0) return ''
  const [before, now] = [sentences[chosen[place - 1] ?? 0], sentences[chosen[place] ?? 0]]
  return before?.paragraph === now?.paragraph ? ' ' : '\n\n'
}

function readSentences(document: string): Sentence[] {
  if (Buffer.byteLength(document) > LIMITS.summaryBytes.value) {
    throw inputError('summarize', `the text has more than ${LIMITS.summaryBytes.value} bytes`)
  }
  const sentences: Sentence[] = []
  for (const sentence of sentencesOf(proseBlocks(document))) {
    sentences.push(sentence)
    if (sentences.length >= LIMITS.summarySentences.value) break
  }
  if (sentences.length === 0) throw inputError('summarize', 'there is no running text in it')
  return sentences
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
  const length = LENGTH.exec(trimmed.slice(-80))?.[1]?.toLowerCase()
  const count = length === undefined ? DEFAULT_SENTENCES : (NUMBERS[length] ?? Number(length))
  const wish = length === undefined ? trimmed : trimmed.replace(LENGTH, '')
  const text = wish.replace(COMMAND, '')
  const [, , quoted, bare] = PATH.exec(text) ?? []
  return {
    path: quoted ?? bare,
    text,
    count: Math.min(MAX_SENTENCES, Math.max(1, count))
  }
}
