/** The npm package works for somebody who has nothing but its tarball. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'lumos-package-'))
const home = join(folder, 'home')

/** npm passes its own settings on to what it runs; a stranger's shell has none of them. */
function strangersEnvironment(nodeFolder: string | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_|INIT_CWD)/.test(name)
  )
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes('node_modules'))
  if (nodeFolder !== undefined) path.unshift(nodeFolder)
  return { ...Object.fromEntries(own), PATH: path.join(delimiter), HOME: home }
}

beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { stdio: 'pipe' })
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  const project = join(folder, 'project')
  execFileSync('mkdir', ['-p', project, home])
  writeFileSync(join(project, 'package.json'), '{"private":true}')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', join(folder, tarball)], {
    cwd: project,
    env: strangersEnvironment(undefined),
    stdio: 'pipe'
  })
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function lumos(args: readonly string[], nodeFolder?: string) {
  return spawnSync('npx', ['lumos', ...args], {
    cwd: join(folder, 'project'),
    env: strangersEnvironment(nodeFolder),
    encoding: 'utf8'
  })
}

test('`npx lumos demo` delegates a task with the Node that the package needs', () => {
  const { status, stdout, stderr } = lumos(['demo'], dirname(process.execPath))
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).not.toBe('')
})

const system = spawnSync('node', ['--version'], {
  env: strangersEnvironment(undefined),
  encoding: 'utf8'
})
const isOld = system.status === 0 && Number(/v(\d+)/.exec(system.stdout)?.[1]) < 24

test.skipIf(!isOld)('an older Node says what it needs, fetches that once, and goes on', () => {
  const first = lumos(['version'])
  expect(first).toMatchObject({ status: 0 })
  expect(first.stderr).toMatch(/needs Node 24[^]*fetching/)
  const second = lumos(['version'])
  // Who starts or examines a node at a terminal is told again; nobody else.
  expect(second).toMatchObject({ status: 0, stdout: first.stdout, stderr: '' })
})

test('the library starts from the package alone', () => {
  const script = join(folder, 'project', 'start.mjs')
  writeFileSync(
    script,
    `import { createNode, defineAgent } from 'lumos-mesh'
     const hello = defineAgent({
       id: 'hello', description: 'Greets.',
       skills: [{ id: 'greet', name: 'Greet', description: 'Greets.', tags: ['hello'] }],
       async *run({ text }) { yield \`Hello, \${text}!\` }
     })
     const node = await createNode({
       home: '${join(folder, 'library')}', listen: ['/ip4/127.0.0.1/tcp/0'],
       discovery: { mdns: false, sameHost: false }, agents: [hello]
     })
     await node.start()
     for await (const event of node.run('hello', 'world')) {
       if (event.type === 'result') console.log(event.task.artifacts[0].parts[0].text)
     }
     await node.stop()`
  )
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  expect({ stdout, stderr, status }).toEqual({ stdout: 'Hello, world!\n', stderr: '', status: 0 })
})
