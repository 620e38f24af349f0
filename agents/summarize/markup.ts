/** Takes Markdown and HTML out of a piece of prose, keeping the words that a reader would see. */

/** Bounds inside the patterns keep each of them linear on hostile input (`[[[[[[…`). */
const STEPS: readonly (readonly [RegExp, string])[] = [
  // A badge is an image inside a link; images have nothing to say in a text.
  [
    /\[!\[[^[\]]{0,200}\](?:\([^()]{0,1000}\)|\[[^[\]]{0,200}\])\](?:\([^()]{0,1000}\)|\[[^[\]]{0,200}\])?/g,
    ' '
  ],
  [/!\[[^[\]]{0,200}\](?:\([^()]{0,1000}\)|\[[^[\]]{0,200}\])/g, ' '],
  [/\[\^[^[\]]{1,50}\]/g, ''],
  // A link that fills its parentheses is an aside, `([why](…))`, which means nothing unclicked.
  [/ ?\(\[[^[\]]{1,400}\]\([^()]{0,1000}\)\)/g, ''],
  [/\[([^[\]]{1,400})\](?:\((?:[^()]|\([^()]{0,300}\)){0,1000}\)|\[[^[\]]{0,200}\])/g, '$1'],
  [/<(?:https?:\/\/|mailto:)[^<>\s]{1,1000}>/g, ' '],
  [/<\/?[A-Za-z][^<>]{0,1000}>/g, ' '],
  [/``?([^`]{1,400})``?/g, '$1'],
  [/(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1/g, '$2'],
  [/(?<![\p{L}\p{N}*])\*(?=[^\s*])([^*]{1,1000})(?<=\S)\*(?![\p{L}\p{N}*])/gu, '$1'],
  [/(?<![\p{L}\p{N}_])_(?=[^\s_])([^_]{1,1000})(?<=\S)_(?![\p{L}\p{N}_])/gu, '$1'],
  [/~~([^~]{1,1000})~~/g, '$1'],
  [/(?<!\w):[a-z0-9_+-]{2,40}:(?!\w)/g, ''],
  [/\\([!-/:-@[-`{-~])/g, '$1']
]

const ENTITIES: Readonly<Record<string, string>> = {
  '&nbsp;': ' ',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&apos;': "'",
  '&mdash;': '—',
  '&ndash;': '–',
  '&hellip;': '…',
  '&amp;': '&'
}

/** Scripts that put no space between words: a line break inside their text is none either. */
const SPACE_IN_CJK =
  /(?<=[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}、。，！？：；）」』])\s+(?=[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}（「『])/gu

export function stripMarkup(text: string): string {
  let plain = text
  for (const [pattern, replacement] of STEPS) plain = plain.replace(pattern, replacement)
  return plain
    .replace(/&(?:[a-z]{2,6}|#39);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .replace(SPACE_IN_CJK, '')
    .replace(/ ([.,;:!?])(?= |$)/g, '$1')
    .trim()
}
