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
const FRONT_MATTER = /^---\r?\n[^]{0,20000}?\n---(?:\r?\n|$)/
/** Any of these makes a document Markdown, where four spaces mean code. */
const MARKDOWN = /^(?:#{1,6} |```|~~~|[-*] )|\]\(/m

/** What is skipped as a whole: the line that opens it, and the line that closes it. */
const SKIPPED: readonly (readonly [RegExp, RegExp])[] = [
  [/^ {0,3}```/, /^ {0,3}```/],
  [/^ {0,3}~~~/, /^ {0,3}~~~/],
  [/^\s*<!--(?!.*-->)/, /-->/],
  [/^\s*<(?:script|style|pre|svg|table)\b(?!.*<\/)/i, /<\/(?:script|style|pre|svg|table)>/i]
]

type LineKind = Block['kind'] | 'more' | 'none'

export interface BlockReader {
  /** The blocks that `line`, the next of the document, has completed: mostly none. */
  add(line: string): readonly Block[]
  /** The block that the document's end completes. */
  end(): readonly Block[]
}

/** Reads Markdown or plain text line by line, so that a long document can be read with pauses. */
export function createBlockReader(document: string): BlockReader {
  const isMarkdown = MARKDOWN.test(document)
  const isSkipped = createSkipper()
  let open: { kind: Block['kind']; readonly lines: string[]; length: number } | undefined

  function close(): readonly Block[] {
    if (open === undefined) return []
    const { kind, lines } = open
    open = undefined
    const text = stripMarkup(lines.join('\n'))
    return text === '' ? [] : [{ kind, text }]
  }

  return {
    add(line) {
      if (open?.kind === 'paragraph' && UNDERLINE.test(line)) open.kind = 'heading'
      const isCode = isSkipped(line) || (isMarkdown && open === undefined && INDENTED.test(line))
      const kind = isCode ? 'none' : kindOf(line)
      const before = kind === 'more' && (open?.length ?? 0) < MAX_LENGTH ? [] : close()
      if (kind === 'none') return before
      open ??= { kind: kind === 'more' ? 'paragraph' : kind, lines: [], length: 0 }
      open.lines.push(withoutMarker(line, kind))
      open.length += line.length + 1
      return kind === 'heading' ? [...before, ...close()] : before
    },
    end: close
  }
}

/**
 * Cuts a document into lines.
 *
 * @yields each without its end; one of more than {@link MAX_LENGTH} characters in pieces
 */
export function* linesOf(document: string): Generator<string> {
  const text = document.replace(/^\uFEFF/, '').replace(FRONT_MATTER, '')
  for (let from = 0; from < text.length;) {
    const found = text.indexOf('\n', from)
    const end = found === -1 ? text.length : found
    const to = Math.min(end, from + MAX_LENGTH)
    yield text.slice(from, to).trimEnd().replace(QUOTE, '')
    from = to === end ? to + 1 : to
  }
}

/** Tells for each line in turn whether it belongs to something that is skipped as a whole. */
function createSkipper(): (line: string) => boolean {
  let closing: RegExp | undefined
  return (line) => {
    if (closing === undefined) {
      closing = SKIPPED.find(([opening]) => opening.test(line))?.[1]
      return closing !== undefined
    }
    if (closing.test(line)) closing = undefined
    return true
  }
}

function kindOf(line: string): LineKind {
  if (line === '' || RULE.test(line) || UNDERLINE.test(line)) return 'none'
  if (TABLE.test(line) || REFERENCE.test(line)) return 'none'
  if (HEADING.test(line)) return 'heading'
  return ITEM.test(line) ? 'item' : 'more'
}

function withoutMarker(line: string, kind: LineKind): string {
  if (kind === 'heading') return line.replace(HEADING, '').replace(/\s#+$/, '')
  return kind === 'item' ? line.replace(ITEM, '') : line
}
