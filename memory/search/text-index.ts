/** Full text: which records speak of these words, the most telling first. */
import MiniSearch from 'minisearch'
import type { AsPlainObject, Options, SearchOptions } from 'minisearch'
import type { FindOptions, IndexHit, SearchIndex } from './search-index.ts'
import { compareHits } from './search-index.ts'
import { normalWord, wordsOf } from './words.ts'

interface Row {
  readonly id: string
  readonly text: string
}

const OPTIONS: Options<Row> = {
  // A key is text, too: `recipes/apple-pie` is found by either word.
  fields: ['id', 'text'],
  tokenize: wordsOf,
  processTerm: (word) => normalWord(word) ?? false
}

/** A part of a word must be so long to stand for all that begin with it. */
const SHORTEST_PREFIX = 3
/** Of a question: each is looked for among all words of the space. */
const MOST_WORDS = 64
/** Share of a word's letters that may be wrong when nothing was found otherwise. */
const MISSPELT = 0.2

interface SavedText {
  readonly index: AsPlainObject
  readonly rows: readonly Row[]
}

export function createTextIndex(): SearchIndex<string> {
  return new TextIndex(new MiniSearch(OPTIONS), [])
}

/** @throws Error for bytes that `save` did not make */
export function openTextIndex(bytes: Uint8Array): SearchIndex<string> {
  // Only what `save` wrote comes here: snapshots carry a digest.
  const { index, rows }: SavedText = JSON.parse(Buffer.from(bytes).toString())
  return new TextIndex(MiniSearch.loadJS(index, OPTIONS), rows)
}

class TextIndex implements SearchIndex<string> {
  readonly #mini: MiniSearch<Row>
  /**
   * MiniSearch takes a document out by its text. It can also merely mark it (`discard`), but then
   * counts its words until it comes across them: scores go wrong, below zero even (measured by test).
   */
  readonly #rows: Map<string, Row>
  #size = 0

  constructor(mini: MiniSearch<Row>, rows: readonly Row[]) {
    this.#mini = mini
    this.#rows = new Map(rows.map((row) => [row.id, row]))
    for (const row of rows) this.#size += sizeOf(row)
  }

  get count(): number {
    return this.#rows.size
  }

  get size(): number {
    return this.#size
  }

  put(key: string, text: string): void {
    this.delete(key)
    const row = { id: key, text }
    this.#mini.add(row)
    this.#rows.set(key, row)
    this.#size += sizeOf(row)
  }

  delete(key: string): void {
    const row = this.#rows.get(key)
    if (row === undefined) return
    this.#mini.remove(row)
    this.#rows.delete(key)
    this.#size -= sizeOf(row)
  }

  find(wanted: string, { prefix = '', limit }: FindOptions): IndexHit[] {
    const options: SearchOptions = {
      prefix: (term) => term.length >= SHORTEST_PREFIX,
      filter: ({ id }) => String(id).startsWith(prefix)
    }
    const words = wordsOf(wanted).slice(0, MOST_WORDS).join(' ')
    const exact = this.#mini.search(words, options)
    const found =
      exact.length > 0 ? exact : this.#mini.search(words, { ...options, fuzzy: MISSPELT })
    return found
      .map(({ id, score }): IndexHit => ({ key: String(id), score }))
      .toSorted(compareHits)
      .slice(0, limit)
  }

  save(): Uint8Array {
    const saved: SavedText = { index: this.#mini.toJSON(), rows: [...this.#rows.values()] }
    return Buffer.from(JSON.stringify(saved))
  }
}

function sizeOf({ id, text }: Row): number {
  return id.length + text.length
}
