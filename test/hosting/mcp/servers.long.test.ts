/** MCP servers that others wrote, from npm: their tools, resources and prompts, and what happens when they are killed. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { SupervisedServer } from '../../../agents/mcp/supervised-server.ts'
import { createMcpTools } from '../../../agents/mcp/mcp-tools.ts'
import { silentLogger } from '../../../core/logger.ts'
import type { McpServerInit } from '../../../core/mcp-server.ts'
import { reached, superviseProgram } from '../../support/mcp-client.ts'
import { toolContext } from '../../support/tool-context.ts'

const never = new AbortController().signal

function entryOf(name: string): string {
  const path = `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`
  return join(import.meta.dirname, path)
}

function program(name: string, args: readonly string[] = [], more: object = {}): McpServerInit {
  return { command: process.execPath, args: [entryOf(name), ...args], ...more }
}

async function ready(init: McpServerInit): Promise<SupervisedServer> {
  const { server } = superviseProgram(init)
  await server.start()
  await reached(server, 'ready')
  return server
}

/** As an agent would: through the tool of this node. */
async function use(
  server: SupervisedServer,
  name: string,
  { say, ...input }: { readonly [key: string]: unknown; readonly say?: (text: string) => void }
): Promise<unknown> {
  const made = createMcpTools(
    { supervised: server, logger: silentLogger },
    { name: 's', server: program('x'), listing: server.listing() }
  )
  const tool = made.find(({ id }) => id === `s_${name}`)
  if (tool === undefined) throw new Error(`no ${name} among ${made.map(({ id }) => id).join(' ')}`)
  return tool.execute(await tool.parse(input), toolContext(say && { say }))
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-mcp-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('server-everything: tools, progress, images, resources and prompts', async () => {
  const server = await ready(program('everything'))
  expect(await use(server, 'echo', { message: 'hello' })).toContain('hello')
  expect(await use(server, 'get-sum', { a: 2, b: 3 })).toContain('5')
  // The model is told of the image; its bytes go beside the text.
  expect(await use(server, 'get-tiny-image', {})).toMatchObject({
    content: expect.arrayContaining([{ type: 'image', mediaType: 'image/png', bytes: 4033 }]),
    parts: [{ mediaType: 'image/png', raw: expect.any(String) }]
  })
  const told: string[] = []
  await use(server, 'trigger-long-running-operation', {
    duration: 0.5,
    steps: 5,
    say: (text) => void told.push(text)
  })
  expect(told.length).toBeGreaterThan(2)
  const { resources, templates, prompts } = server.listing()
  expect(resources.length + templates.length).toBeGreaterThan(0)
  const [resource] = resources
  const read = await use(server, 'read_resource', { uri: resource?.uri ?? '' })
  expect(JSON.stringify(read)).not.toBe('""')
  const [prompt] = prompts.filter(({ arguments: wanted }) => wanted.length === 0)
  const result = await server.ask({
    signal: never,
    timeoutMs: 10_000,
    use: (connection, signal) => connection.getPrompt(prompt?.name ?? '', {}, signal)
  })
  expect(result.messages.length).toBeGreaterThan(0)
})

test('server-everything over Streamable HTTP, killed and started again', async () => {
  const port: number = await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
  const start = () => {
    const env = { ...process.env, PORT: String(port) }
    const child = spawn(process.execPath, [entryOf('everything'), 'streamableHttp'], {
      env,
      stdio: 'ignore'
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  let child = start()
  const { server } = superviseProgram({ url: `http://127.0.0.1:${port}/mcp` })
  await server.start()
  await reached(server, 'ready')
  expect(await use(server, 'echo', { message: 'hello' })).toContain('hello')
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  await expect(use(server, 'echo', { message: 'x' })).rejects.toMatchObject({
    code: 'MCP_SERVER_DOWN'
  })
  await reached(server, 'waiting')
  child = start()
  await reached(server, 'ready')
  expect(await use(server, 'echo', { message: 'again' })).toContain('again')
})

test('server-filesystem: what its hints say are the effects; a refusal is told; killed, it comes back', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'notes.txt'), 'remember the milk')
  const server = await ready(program('filesystem', [folder], { cwd: folder }))
  const path = join(folder, 'notes.txt')
  expect(await use(server, 'read_text_file', { path })).toMatchObject({
    content: 'remember the milk'
  })
  await expect(use(server, 'read_text_file', { path: '/etc/passwd' })).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    message: expect.stringMatching(/access denied/i)
  })
  const made = createMcpTools(
    { supervised: server, logger: silentLogger },
    { name: 's', server: program('filesystem'), listing: server.listing() }
  )
  const effects = new Map(made.map(({ id, effects: all }) => [id, all]))
  expect(effects.get('s_read_text_file')).not.toContain('write')
  expect(effects.get('s_write_file')).toContain('write')
  expect(made.find(({ id }) => id === 's_write_file')?.asks).toBe(true)
  const { greeting, restarts } = server.status()
  process.kill(greeting?.pid ?? 0, 'SIGKILL')
  await reached(server, 'waiting')
  expect(await use(server, 'read_text_file', { path })).toMatchObject({
    content: 'remember the milk'
  })
  expect(server.status().restarts).toBe(restarts + 1)
})

test('server-memory: what was written is read again after a restart', async () => {
  const folder = await temporaryFolder()
  const env = { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }
  const server = await ready(program('memory', [], { env }))
  const entity = { name: 'Lumos', entityType: 'project', observations: ['a swarm of agents'] }
  await use(server, 'create_entities', { entities: [entity] })
  server.restart()
  await reached(server, 'starting')
  const found = await use(server, 'search_nodes', { query: 'swarm' })
  expect(JSON.stringify(found)).toContain('a swarm of agents')
})
