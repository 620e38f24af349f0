import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { Environment } from '../../../../core/paths.ts'
import { parseDaemonFlags } from '../../../../node/config/flags.ts'
import { CONFIG_KEYS } from '../../../../node/config/keys.ts'
import { loadConfig } from '../../../../node/config/load.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

interface Sources {
  readonly yaml?: string
  readonly env?: Environment
  readonly flags?: readonly string[]
}

async function setup() {
  const config = await temporaryDirectory()
  const load = async ({ yaml, env = {}, flags = [] }: Sources = {}) => {
    if (yaml !== undefined) await writeFile(join(config, 'config.yaml'), yaml)
    return loadConfig({
      env,
      paths: { config },
      flags: parseDaemonFlags(flags, '/work'),
      workingDirectory: '/work'
    })
  }
  const problem = async (sources: Sources): Promise<string> => {
    const error: unknown = await load(sources).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    return String(error)
  }
  const origin = async (sources: Sources, name: string) =>
    (await load(sources)).values.find(({ key }) => key === name)
  return { config, file: join(config, 'config.yaml'), load, origin, problem }
}

const GATEWAY = {
  enabled: true,
  host: '127.0.0.1',
  plaintext: false,
  allowedHosts: [],
  allowedOrigins: [],
  open: false,
  roles: {},
  jwt: {},
  tls: { clients: 'optional', certificates: {} },
  quotas: {
    rate: 5000,
    burst: 10_000,
    concurrency: 1024,
    streams: 1024,
    storageBytes: 268_435_456
  },
  tenants: {}
}

test('works with nothing configured at all', async () => {
  const { load } = await setup()
  const { config, values, swarmKey } = await load()
  expect(config).toEqual({
    swarm: { name: 'home', open: false },
    key: {},
    listen: ['/ip4/0.0.0.0/tcp/5866', '/ip4/0.0.0.0/tcp/5868/ws'],
    announce: [],
    attributes: {},
    bootstrap: [],
    discovery: { mdns: true, sameHost: true },
    gateway: GATEWAY,
    network: { targetPeers: 8, relayService: false, natTraversal: true, dht: 'auto' },
    agents: {
      enabled: ['echo', 'clock', 'calc', 'files', 'summarize', 'sysinfo'],
      concurrency: 64,
      queue: 512,
      files: { roots: [] }
    },
    tasks: {
      active: 4096,
      keep: 'disk',
      retention: 86_400_000,
      requireProof: false,
      timeouts: { total: 86_400_000 },
      push: { enabled: true, allow: [] }
    },
    routing: { policy: 'local-first', policies: {} },
    memory: { enabled: true, gossip: true },
    mcp: { servers: {} },
    metrics: { public: false, libp2p: false },
    tracing: { enabled: true, sample: 1, otlp: {} },
    models: { detect: true, default: [], providers: {} },
    tools: {
      enabled: ['*'],
      policy: [],
      http: { allow: [], methods: ['GET', 'HEAD'] },
      files: { roots: [], writeRoots: [] },
      shell: { programs: [], roots: [], timeout: 60_000, environment: {} }
    },
    log: { level: 'info', components: {} }
  })
  expect(values.map(({ key }) => key)).toEqual([...CONFIG_KEYS.keys()])
  expect(new Set(values.map(({ origin }) => origin))).toEqual(new Set(['default']))
  expect(swarmKey).toBeUndefined()
})

test('a flag beats the environment, that the file, that the default; each is named', async () => {
  const { origin, file } = await setup()
  const all = { yaml: 'name: a', env: { LUMOS_NAME: 'b' }, flags: ['--name', 'c'] }
  const { flags: _, ...withoutFlag } = all
  expect(await origin(all, 'name')).toEqual({ key: 'name', value: 'c', origin: 'flag --name' })
  expect(await origin(withoutFlag, 'name')).toMatchObject({ value: 'b', origin: 'env LUMOS_NAME' })
  expect(await origin({ yaml: 'name: a' }, 'name')).toMatchObject({ origin: `file ${file}` })
  expect(await origin({ yaml: '# nothing' }, 'name')).toMatchObject({
    value: null,
    origin: 'default'
  })
})

test('every flag changes its key', async () => {
  const { load } = await setup()
  const flags =
    '--name amber --listen /ip4/127.0.0.1/tcp/0 --listen /ip6/::1/tcp/0 ' +
    '--bootstrap /dns4/beacon/tcp/5866 --no-mdns --no-same-host --swarm lab --open ' +
    '--agents echo,calc --files-root notes --files-root /srv --log-level debug --log-format json'
  expect((await load({ flags: flags.split(' ') })).config).toMatchObject({
    name: 'amber',
    listen: ['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0'],
    bootstrap: ['/dns4/beacon/tcp/5866'],
    discovery: { mdns: false, sameHost: false },
    swarm: { name: 'lab', open: true },
    agents: { enabled: ['echo', 'calc'], files: { roots: ['/work/notes', '/srv'] } },
    log: { level: 'debug', format: 'json' }
  })
})

test('variables are read by the kind of their key; an empty one counts as absent', async () => {
  const { load } = await setup()
  const env = {
    LUMOS_LISTEN: '/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2/ws,',
    LUMOS_DISCOVERY_SAME_HOST: 'off',
    LUMOS_NETWORK_TARGET_PEERS: '3',
    LUMOS_LOG_COMPONENTS: 'libp2p=debug, session=trace',
    LUMOS_TASKS_RETENTION: '90s',
    LUMOS_NAME: ''
  }
  const { config } = await load({ env })
  expect(config).toMatchObject({
    listen: ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2/ws'],
    discovery: { sameHost: false },
    network: { targetPeers: 3 },
    log: { components: { libp2p: 'debug', session: 'trace' } },
    tasks: { retention: 90_000 }
  })
  expect(config).not.toHaveProperty('name')
})

test('paths count from where they are written down', async () => {
  const { load, config: folder } = await setup()
  const yaml = 'agents: { files: { roots: [notes, ~/notes, /srv] } }\nswarm: { keyFile: k }'
  const { config } = await load({ yaml })
  expect(config.agents.files.roots).toEqual([
    join(folder, 'notes'),
    join(homedir(), 'notes'),
    '/srv'
  ])
  expect(config.swarm.keyFile).toBe(join(folder, 'k'))
})

test('says everything that is wrong, where, and what was probably meant', async () => {
  const { problem, file } = await setup()
  const text = await problem({
    yaml: 'nmae: a\ndiscovery:\n  mdsn: true\nnetwork: 5\nlog:\nagents:\n  queue: many\n',
    env: { LUMOS_SWARM_NMAE: 'x', LUMOS_TASKS_RETENTION: '5' }
  })
  for (const part of [
    `${file}, line 1: unknown key "nmae"; did you mean "name"?`,
    `${file}, line 3: unknown key "discovery.mdsn"; did you mean "discovery.mdns"?`,
    `${file}, line 4: network holds keys, not a value`,
    'unknown variable LUMOS_SWARM_NMAE; did you mean "LUMOS_SWARM_NAME"?',
    `agents.queue: Invalid input: expected number, received string (file ${file})`,
    'tasks.retention: must be a duration with its unit, such as 90s or 24h (env LUMOS_TASKS_RETENTION)'
  ]) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain('log ')
})

test.for([
  ['a: [', 'line 1: Flow sequence'],
  ['- a\n- b', 'does not hold keys and values'],
  ['just text', 'does not hold keys and values'],
  ['name: a\nname: b', 'unique'],
  ['name:\n', 'name has no value'],
  ['name: Amber Otter', 'lower case letters'],
  ['listen: [/ip4/0.0.0.0/tcp/x]', 'multiaddr'],
  ['listen: [""]', 'multiaddr'],
  ['agents: { enabled: [hello] }', 'agents.enabled.0'],
  ['network: { targetPeers: 0 }', 'network.targetPeers'],
  ['__proto__: { name: x }', '__proto__'],
  ['? [a, b]\n: c', 'unknown key'],
  [`name: "${'x'.repeat(300_000)}"`, 'too large']
] as const)('refuses the file %j', async ([yaml, reason]) => {
  const { problem } = await setup()
  expect(await problem({ yaml })).toContain(reason)
})

test('refuses a file whose aliases would fill the memory', async () => {
  const { problem } = await setup()
  const levels = Array.from(
    { length: 9 },
    (_, level) => `a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]`
  )
  const yaml = ['a: &a-1 [x]', ...levels].join('\n')
  expect(await problem({ yaml })).toContain('aliases')
})

test('a file that cannot be read is an error, not an empty one', async () => {
  const { problem, file } = await setup()
  await mkdir(file)
  expect(await problem({})).toContain('EISDIR')
})

test('leaves alone what others put into the environment', async () => {
  const { load } = await setup()
  const env = {
    LUMOS_HOME: '/x',
    LUMOS_PROFILE: 'two',
    LUMOS_RUNTIME_DIR: '/run',
    LUMOS_NO_DOWNLOAD: '1',
    // A Kubernetes service called "lumos", and one called "lumos-web".
    LUMOS_SERVICE_HOST: '10.0.0.1',
    LUMOS_SERVICE_PORT_HTTP: '80',
    LUMOS_PORT: 'tcp://10.0.0.1:80',
    LUMOS_PORT_80_TCP_ADDR: '10.0.0.1',
    LUMOS_WEB_SERVICE_PORT: '80',
    LUMOS_TEST_SEED: '1'
  }
  await expect(load({ env })).resolves.toBeDefined()
})

test('the swarm key comes from the nearest source and is never shown', async () => {
  const { load, config: folder } = await setup()
  const key = 'ab'.repeat(32)
  const fromEnv = await load({
    yaml: 'swarm: { keyFile: k }',
    env: { LUMOS_SWARM_KEY: `${key}\n` }
  })
  expect(fromEnv.swarmKey?.reveal()).toBe(key)
  expect(inspect(fromEnv, { depth: 9 }) + JSON.stringify(fromEnv)).not.toContain(key)
  expect(fromEnv.values.at(-1)).toEqual({
    key: 'swarm.key',
    value: '[secret]',
    origin: 'env LUMOS_SWARM_KEY'
  })
  const flags = ['--swarm-key', 'file:secrets/key']
  const fromFlag = await load({ flags, env: { LUMOS_SWARM_KEY: key } })
  expect(fromFlag.swarmKey?.reveal()).toBe('file:/work/secrets/key')
  expect((await load({})).swarmKey?.reveal()).toBe(`file:${join(folder, 'k')}`)
})

test('refuses a key for an open swarm, and two keys from one source', async () => {
  const { problem } = await setup()
  const env = { LUMOS_SWARM_KEY: 'canary' }
  const open = await problem({ env, flags: ['--open'] })
  expect(open).toContain('an open swarm has no key')
  const both = await problem({ env: { ...env, LUMOS_SWARM_KEY_FILE: '/k' } })
  expect(both).toContain('exclude each other')
  expect(open + both).not.toContain('canary')
})

test.for([
  [['--nmae', 'x'], '--nmae'],
  [['--name'], '--name'],
  [['extra'], 'extra'],
  [['--ready-fd', '1'], '--ready-fd'],
  [['--ready-fd', 'x'], '--ready-fd']
] as const)('refuses the flags %j', ([flags, reason]) => {
  expect(() => parseDaemonFlags(flags, '/work')).toThrow(reason)
})

test('refuses a key on the command line without repeating it', () => {
  for (const source of ['ab'.repeat(32), 'file:', '/path']) {
    let message = ''
    try {
      parseDaemonFlags(['--swarm-key', source], '/work')
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('file:PATH')
    expect(message).not.toContain('abab')
  }
})
