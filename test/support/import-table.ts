/** Which folders each folder may import, and which packages only it may import (design: "The house"). */

interface Layer {
  readonly imports: readonly string[]
  /** Packages nobody else may import, `node/` apart. */
  readonly owns?: readonly RegExp[]
}

export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { imports: [] },
  storage: { imports: ['core'], owns: [/^level$/] },
  trust: { imports: ['core', 'storage'], owns: [/^jose$/] },
  protocols: { imports: ['core', 'trust'], owns: [/^it-/] },
  discovery: {
    imports: ['core', 'storage', 'trust', 'protocols'],
    owns: [/^@libp2p\/(mdns|kad-dht|bootstrap)$/]
  },
  tasks: { imports: ['core', 'storage', 'protocols'] },
  routing: { imports: ['core', 'discovery', 'protocols', 'tasks'] },
  memory: { imports: ['core', 'storage', 'trust', 'protocols'], owns: [/^minisearch$/] },
  agents: {
    imports: ['core'],
    owns: [
      /^openai/,
      /^mathjs/,
      /^@modelcontextprotocol\/client/,
      /^(@jitl\/)?quickjs/,
      /^html-to-text$/,
      /^csv-parse/,
      /^@jmespath-community\//
    ]
  },
  client: { imports: ['core'] },
  integrations: { imports: ['core', 'client'] },
  web: { imports: ['core', 'client'], owns: [/^preact/, /^@preact\//, /^d3-/] },
  gateway: {
    imports: ['core', 'client', 'trust', 'discovery', 'tasks', 'routing', 'memory', 'agents'],
    owns: [/^@?hono/, /^@modelcontextprotocol\/server/, /^ws$/]
  },
  node: {
    imports: [
      'core',
      'storage',
      'trust',
      'protocols',
      'discovery',
      'tasks',
      'routing',
      'memory',
      'agents',
      'gateway',
      'client'
    ],
    owns: [/^libp2p$/, /^@libp2p\/gossipsub$/, /^@chainsafe\//, /^pino$/]
  },
  cli: { imports: ['core', 'client'], owns: [/^commander$/, /^uqr$/, /^modern-tar$/] }
}

/** Import specifiers of a TypeScript source, static and dynamic, types included. */
function importsOf(source: string): string[] {
  return Array.from(
    source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g),
    ([, specifier = '']) => specifier
  )
}

/** What in `source` breaks the table, as `file -> specifier`. `file` is relative to the root. */
export function violations(file: string, source: string): string[] {
  const folder = file.split('/')[0] ?? ''
  const layer = LAYERS[folder]
  if (layer === undefined) return [`${file} is in no layer`]
  const foreign = Object.entries(LAYERS).flatMap(([other, { owns = [] }]) =>
    other === folder || folder === 'node' ? [] : owns
  )
  return importsOf(source)
    .filter((specifier) =>
      specifier.startsWith('.')
        ? ![folder, ...layer.imports].includes(folderOf(file, specifier))
        : foreign.some((pattern) => pattern.test(specifier))
    )
    .map((specifier) => `${file} -> ${specifier}`)
}

function folderOf(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.split('/')[1] ?? ''
}
