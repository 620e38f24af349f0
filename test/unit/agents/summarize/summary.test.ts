/** Which sentences a summary is made of, and that making it never holds up a node. */
import { setImmediate as turn } from 'node:timers/promises'
import { assert, asyncProperty, constantFrom, array } from 'fast-check'
import { expect, test } from 'vitest'
import { createBlockReader, linesOf } from '../../../../agents/summarize/blocks.ts'
import { summarizeText } from '../../../../agents/summarize/summary.ts'

function blocks(document: string) {
  const reader = createBlockReader(document)
  const found = []
  for (const line of linesOf(document)) found.push(...reader.add(line))
  return [...found, ...reader.end()]
}

async function summary(document: string, count?: number): Promise<readonly string[]> {
  const { sentences } = await summarizeText(document, count, () => undefined)
  return sentences.map(({ text }) => text)
}

const README = `
[![build](https://ci.example/badge.svg)](https://ci.example) ![logo](logo.png)

# Tidewater

Tidewater is a **small** database for [sensor data](https://example.com/a(b)), written
to a single file. It keeps the last year of measurements and answers
questions about them in milliseconds ([why](docs/why.md)).

<!-- a comment
over lines -->

\`\`\`sh
npm install tidewater   # This is code. It is not prose.
\`\`\`

| option | meaning |
|--------|---------|
| a      | This table has a sentence in it. |

Usage
-----

Sensors write measurements with \`put\`, and e.g. Dr. Smith's boat writes one every second. See the docs
for more about sensors and measurements.

- The database compresses measurements of sensors twenty times.
- fast
`

test('prose is found in Markdown, without what surrounds it', () => {
  expect(blocks(README)).toEqual([
    { kind: 'heading', text: 'Tidewater' },
    {
      kind: 'paragraph',
      text:
        'Tidewater is a small database for sensor data, written to a single file. It keeps the last ' +
        'year of measurements and answers questions about them in milliseconds.'
    },
    { kind: 'heading', text: 'Usage' },
    {
      kind: 'paragraph',
      text:
        "Sensors write measurements with put, and e.g. Dr. Smith's boat writes one every second. See " +
        'the docs for more about sensors and measurements.'
    },
    { kind: 'item', text: 'The database compresses measurements of sensors twenty times.' },
    { kind: 'item', text: 'fast' }
  ])
})

test('lines that a writer wrapped by hand are one sentence again', async () => {
  expect(await summary(README, 1)).toEqual([
    'Tidewater is a small database for sensor data, written to a single file.'
  ])
})

test('a summary keeps the order of the document, and tells nothing twice', async () => {
  const sentences = await summary(`${README}\n\n${README}`, 3)
  expect(new Set(sentences).size).toBe(3)
  const plain = blocks(README)
    .map(({ text }) => text)
    .join(' ')
  const places = sentences.map((sentence) => plain.indexOf(sentence))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places).not.toContain(-1)
})

test('directions to the reader are no summary', async () => {
  expect((await summary(README, 3)).join(' ')).not.toContain('See the docs')
})

test.for([
  [
    'Chinese',
    '花园是人们种植植物的土地。花园里的植物需要水和阳光。园丁在花园里种植植物和花。',
    '。'
  ],
  ['Japanese', '猫は小さい動物です。猫は魚が好きです。私は昨日公園で猫を見ました。', '。'],
  [
    'Greek',
    'Η γάτα είναι ένα μικρό ζώο. Η γάτα τρώει ψάρια κάθε μέρα. Το ψάρι ζει στο νερό πάντα.',
    '.'
  ]
] as const)('%s has sentences, too', async ([, text, end]) => {
  const sentences = await summary(text, 1)
  expect(sentences).toHaveLength(1)
  expect(text).toContain(sentences[0])
  expect(sentences[0]?.endsWith(end)).toBe(true)
})

test('Chinese that is wrapped in the middle of a word gets no space there', () => {
  expect(blocks('花园是人们种\n植植物的土地。')).toEqual([
    { kind: 'paragraph', text: '花园是人们种植植物的土地。' }
  ])
})

test('four spaces are code in Markdown, and nothing in a plain text', () => {
  const text = '    An indented beginning of a story.\n'
  expect(blocks(text)).toHaveLength(1)
  expect(blocks(`# Title\n\n${text}`)).toEqual([{ kind: 'heading', text: 'Title' }])
})

test('text without any prose has no summary', async () => {
  expect(await summary('# Only a title\n\n```\ncode\n```\n\n- one\n- two')).toEqual([])
})

test('whatever it is given, a summary quotes and does not fail', async () => {
  const bits = [
    '# ',
    '```\n',
    '\n',
    '- ',
    '> ',
    '|a|',
    '<!-- ',
    ' -->',
    '**',
    '[x](y)',
    'A word or two. ',
    '---\n',
    '。'
  ]
  await assert(
    asyncProperty(array(constantFrom(...bits), { maxLength: 40 }), async (pieces) => {
      for (const sentence of await summary(pieces.join(''), 3)) expect(sentence).not.toBe('')
    }),
    { numRuns: 200 }
  )
})

const MIB = 1024 * 1024
const fill = (text: string): string => text.repeat(Math.ceil(MIB / text.length)).slice(0, MIB)

test.for([
  ['short lines', fill('a\n')],
  ['items', fill('- a b c d e f.\n')],
  ['open brackets', fill('[')],
  ['bold that never closes', fill('**a ')],
  ['comments', fill('<!--\n')],
  ['front matter without end', `---\n${fill('a\n')}`],
  ['words without end', fill('word ')],
  ['sentences', fill('The number of many items goes to the shop. ')],
  ['Thai', fill('สวัสดี')]
] as const)('1 MiB of %s takes many short turns, never a long one', async ([, document]) => {
  let longest = 0
  let since = busyMs()
  await summarizeText(document, 3, () => {
    const spent = busyMs() - since
    longest = Math.max(longest, spent)
    if (spent < 10) return undefined
    return turn().then(() => void (since = busyMs()))
  })
  // Measured: 10 to 35 ms. CPU time, as wall time would measure the other programs of this machine.
  expect(longest).toBeLessThan(150)
})

/** CPU time of this thread. */
function busyMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
