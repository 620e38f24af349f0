/** Finds the prose in a document: code, tables, badges and markup have no place in a summary. */
import { stripMarkup } from './markup.ts'

/** A stretch of running text. A heading only tells what the text below it is about. */
export interface Block {
  readonly kind: 'heading' | 'paragraph' | 'item'
  readonly text: string
}

/** No prose has longer lines or paragraphs; cutting them keeps every step on them cheap. */
const MAX_LENGTH = 8192

const HEADING = /^ {0,3}#{1,6}(?:\s+|$)/
const UNDERLINE = /^ {0,3}(?:=+|-+)$/
const RULE = /^ {0,3}([-*_])(?: {0,3}\1){2,}$/
const ITEM = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?/
const TABLE = /^\s*\||^[^|]{1,500}\|[^|]{1,500}\|/
const QUOTE = /^ {0,3}> ?/
const INDENTED = /^(?: {4}|\t)/
const REFERENCE = /^ {0,3}\[[^\]]{1,300}\]:\s/
/** Any of these makes a document Markdown, where four spaces mean code. */
const MARKDOWN = /^(?:#{1,6} |```|~~~|[-*] )|\]\(/m

/** What is skipped as a whole: how it opens, and how the line looks that closes it. */
const SKIPPED: readonly (readonly [RegExp, RegExp])[] = [
  [/^ {0,3}```/, /^ {0,3}```/],
  [/^ {0,3}~~~/, /^ {0,3}~~~/],
  [/^\s*<!--(?!.*-->)/, /-->/],
  [/^\s*<(?:script|style|pre|svg|table)\b(?!.*<\/)/i, /<\/(?:script|style|pre|svg|table)>/i]
]

/**
 * Goes through a Markdown or plain text.
 *
 * @yields its prose, in its order, without markup
 */
export function* proseBlocks(document: string): Generator<Block> {
  const text = document.replace(/^\uFEFF/, '').replace(/^---\n[^]{0,20000}?\n---(?:\n|$)/, '')
  const isMarkdown = MARKDOWN.test(text)
  let open: { kind: Block['kind']; lines: string[] } | undefined
  let closing: RegExp | undefined
  for (const line of lines(text)) {
    if (closing !== undefined) {
      if (closing.test(line)) closing = undefined
      continue
    }
    closing = SKIPPED.find(([opening]) => opening.test(line))?.[1]
    if (open?.kind === 'paragraph' && UNDERLINE.test(line)) open.kind = 'heading'
    const isCode = isMarkdown && open === undefined && INDENTED.test(line)
    const kind = closing === undefined && !isCode ? kindOf(line) : 'none'
    if (kind !== 'more' && open !== undefined) {
      yield* close(open)
      open = undefined
    }
    if (kind === 'none') continue
    open ??= { kind: kind === 'more' ? 'paragraph' : kind, lines: [] }
    open.lines.push(line.replace(kind === 'heading' ? HEADING : ITEM, '').replace(/\s#+$/, ''))
    if (open.lines.length * line.length > MAX_LENGTH) {
      yield* close(open)
      open = undefined
    }
  }
  if (open !== undefined) yield* close(open)
}

function* lines(text: string): Generator<string> {
  for (const [line] of text.matchAll(/[^\r\n\u2028\u2029]+|\r\n|[\r\n\u2028\u2029]/g)) {
    for (let from = 0; from < line.length; from += MAX_LENGTH) {
      yield line
        .slice(from, from + MAX_LENGTH)
        .trimEnd()
        .replace(QUOTE, '')
    }
  }
}

/** `more` continues the block before it; `none` ends it and says nothing itself. */
function kindOf(line: string): Block['kind'] | 'more' | 'none' {
  if (line.trim() === '' || UNDERLINE.test(line) || RULE.test(line)) return 'none'
  if (TABLE.test(line) || REFERENCE.test(line)) return 'none'
  if (HEADING.test(line)) return 'heading'
  return ITEM.test(line) ? 'item' : 'more'
}

function* close({
  kind,
  lines: parts
}: {
  kind: Block['kind']
  lines: string[]
}): Generator<Block> {
  const text = stripMarkup(parts.join(' '))
  if (text !== '') yield { kind, text }
}
