/** Makes of a web page what a person would read of it: its title, its text and where its links lead. */
import { convert } from 'html-to-text'
import type { FormatCallback, HtmlToTextOptions } from 'html-to-text'

export interface PageText {
  readonly title: string
  readonly text: string
  readonly links: readonly PageLink[]
}

/** A `type`, as it travels as JSON. */
export type PageLink = { readonly text: string; readonly url: string }

/** What a page shows on every page of its site, or does not show at all. */
const NOT_READ = [
  'head',
  'title',
  'nav',
  'aside',
  'footer',
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'form'
]

/** Where pages keep what they are about. */
const CONTENT = ['main', 'article', '[role=main]']

/** Parsing is most of the work, and in vain for a page that has none of these. */
const MAYBE_CONTENT = /<main|<article|role=["']?main/i

/** Less than this is no article: then the whole page is read. */
const MIN_CONTENT = 200

const MAX_LINKS = 200
const MAX_LINK_TEXT = 120
const MAX_TITLE = 1000

/** Deeper nesting than any page needs would only exhaust the stack. */
const MAX_DEPTH = 200

/** @param url where the page is, for links that are relative to it */
export function pageText(html: string, url: string): PageText {
  const links = new Map<string, PageLink>()
  const options = optionsFor(collecting(links, url))
  const read = (selectors: string[], returnDomByDefault: boolean): string =>
    convert(html, { ...options, baseElements: { selectors, returnDomByDefault } })
  let text = MAYBE_CONTENT.test(html) ? read(CONTENT, false) : ''
  if (text.length < MIN_CONTENT) {
    links.clear()
    text = read(['body'], true)
  }
  return { title: titleOf(html), text: text.trim(), links: [...links.values()] }
}

function optionsFor(formatLink: FormatCallback): HtmlToTextOptions {
  return {
    wordwrap: false,
    limits: { maxInputLength: Infinity, maxDepth: MAX_DEPTH, ellipsis: '…' },
    formatters: { link: formatLink },
    selectors: [
      { selector: 'a', format: 'link' },
      { selector: 'img', format: 'skip' },
      { selector: 'table', format: 'dataTable' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false }
      })),
      ...NOT_READ.map((selector) => ({ selector, format: 'skip' }))
    ]
  }
}

function collecting(links: Map<string, PageLink>, base: string): FormatCallback {
  return (element, walk, builder) => {
    walk(element.children, builder)
    const url = URL.parse(String(element.attribs['href'] ?? ''), base)
    if (url === null || !/^https?:$/.test(url.protocol)) return
    url.hash = ''
    if (links.size >= MAX_LINKS || url.href === base || links.has(url.href)) return
    links.set(url.href, { text: plainText(element).slice(0, MAX_LINK_TEXT), url: url.href })
  }
}

interface DomNode {
  readonly data?: string | undefined
  readonly children?: readonly DomNode[] | undefined
}

function plainText(node: DomNode): string {
  let text = ''
  const todo: DomNode[] = [node]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    text += next.data ?? ''
    if (text.length > MAX_LINK_TEXT * 4) break
    todo.push(...(next.children ?? []).toReversed())
  }
  return text.replace(/\s+/g, ' ').trim()
}

/** The first title: drawings inside of pages have some, too. */
function titleOf(html: string): string {
  const start = html.search(/<title[\s>]/i)
  if (start < 0) return ''
  const [, inside = ''] = /^[^>]*>([^<]*)/.exec(html.slice(start, start + MAX_TITLE)) ?? []
  return convert(inside, { wordwrap: false }).replace(/\s+/g, ' ').trim()
}
