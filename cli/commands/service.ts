/** `lumos service`: the node as a service of this user's systemd, which starts it, watches it and starts it again. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { countFlag, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { YOUNG_HEAP } from '../daemon-process.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { EXIT_OF } from '../nagios.ts'
import { addNodeFlags, toArguments, type NodeFlags } from '../node-flags.ts'
import { unitName, unitText } from '../service-unit.ts'
import { createSystemd, type UnitState } from '../systemd.ts'
import { THRIFTY_GLIBC } from '../thrifty-glibc.ts'

/** What the paths of a node are made of (core/paths.ts): where a shell has them, the service must. */
const KEPT = [
  'LUMOS_HOME',
  'LUMOS_PROFILE',
  'LUMOS_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME'
] as const

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos service install', 'from now on, and with each session or start of the machine')
    .example('lumos service status', 'what systemd says of it')
  defineInstall(command, cli)
  command
    .command('uninstall')
    .description('stop it, and take the unit away; what the node knows stays')
    .example('lumos service uninstall', 'this node is started by hand again')
    .example('lumos -P two service uninstall', 'another node of yours')
    .action(() => uninstall(cli))
  command
    .command('status', { isDefault: true })
    .description('what systemd says of it; exit codes as `lumos health`')
    .example(
      'lumos service status',
      'whether it runs, since when, and how often it was started anew'
    )
    .example('lumos service status --json', 'for a script')
    .action(() => showStatus(cli))
  command
    .command('logs')
    .description('its journal: also why it did not start')
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <n>', 'how many of the last lines', '50')
    .example('lumos service logs', 'the last lines')
    .example('lumos service logs -f', 'and what comes')
    .action(async ({ follow, lines }: { follow?: boolean; lines: string }) => {
      const words = [`--lines=${countFlag(lines)}`, ...(follow ? ['--follow'] : [])]
      const form = cli.flags.json ? ['--output=json'] : ['--output=cat']
      cli.exitCode = await createSystemd(cli.env()).journal(unitOf(cli), [...words, ...form])
    })
}

function defineInstall(command: LumosCommand, cli: Cli): void {
  const install = command
    .command('install')
    .description('write a unit for systemd of this user, and start it')
    .option('--print', 'only show the unit')
    .example('lumos service install', 'this node; flags of `lumos daemon` may follow')
    .example('lumos service install --print', 'look at it first')
    .example('lumos -P two service install --listen /ip4/0.0.0.0/tcp/5900', 'another node of yours')
  addNodeFlags(install).action(async ({ print, ...flags }: NodeFlags & { print?: boolean }) => {
    const text = unitFor(cli, flags)
    if (print) return cli.terminal.out.write(text)
    return installUnit(cli, text)
  })
}

function unitFor(cli: Cli, flags: NodeFlags): string {
  const env = cli.env()
  const kept = KEPT.flatMap((name) => {
    const value = env[name]
    if (value === undefined || value === '') return []
    return [[name, name === 'LUMOS_PROFILE' ? value : resolve(value)] as const]
  })
  return unitText({
    profile: cli.paths().profile,
    node: process.execPath,
    words: [YOUNG_HEAP, resolve(cli.host.bin), 'daemon', ...toArguments(absolute(flags))],
    env: { ...THRIFTY_GLIBC, ...Object.fromEntries(kept) }
  })
}

/** A service does not begin in the folder where somebody typed its flags. */
function absolute({ filesRoot, swarmKey, ...flags }: NodeFlags): NodeFlags {
  const [, file] = /^file:(.*)$/s.exec(swarmKey ?? '') ?? []
  if (swarmKey !== undefined && file === undefined) throw usage('--swarm-key takes file:PATH')
  return {
    ...flags,
    ...(filesRoot && { filesRoot: filesRoot.map((folder) => resolve(folder)) }),
    ...(file !== undefined && { swarmKey: `file:${resolve(file)}` })
  }
}

function unitOf(cli: Cli): string {
  return unitName(cli.paths().profile)
}

function pathOf(cli: Cli): string {
  const { XDG_CONFIG_HOME: config, HOME: home } = cli.env()
  return join(config || join(home ?? homedir(), '.config'), 'systemd', 'user', unitOf(cli))
}

async function installUnit(cli: Cli, text: string): Promise<void> {
  const systemd = createSystemd(cli.env())
  const [unit, path] = [unitOf(cli), pathOf(cli)]
  await systemd.available()
  const before = await systemd.show(unit)
  await refuseRival(cli, before)
  const isSame = (await readFile(path, 'utf8').catch(() => undefined)) === text
  if (!isSame) await writeUnit(path, text)
  await systemd.control('daemon-reload')
  await systemd.control('enable', unit)
  // A unit that runs as it should is left alone: its tasks go on.
  if (!isSame || before.active !== 'active') await systemd.control('restart', unit)
  const state = await systemd.show(unit)
  if (cli.flags.json) return cli.document({ v: 1, unit, path, written: !isSame, ...state })
  cli.print(`${unit} is ${state.active} (${state.sub}), pid ${state.pid}`)
  cli.note(`${isSame ? 'unchanged' : 'written'}: ${path}; undo: lumos service uninstall`)
  if ((await systemd.lingers()) === false) {
    cli.note('it ends with your last session; to keep it: sudo loginctl enable-linger "$USER"')
  }
  if (cli.host.bin.split(sep).includes('_npx')) {
    cli.note('npx may clear its cache, where this program is; better: npm install -g lumos-mesh')
  }
  cli.note('keys of models in your shell are not in a service: lumos model add')
}

/** Two processes cannot have one profile: the second would be started again and again, in vain. */
async function refuseRival(cli: Cli, { pid }: UnitState): Promise<void> {
  const running = await cli
    .client()
    .status(cli.call())
    .catch((error: unknown) => {
      if (toLumosError(error).code === 'DAEMON_DOWN') return undefined
      throw error
    })
  if (running === undefined || running.pid === pid) return
  throw new LumosError('SERVICE_FAILED', {
    details: {
      unit: unitOf(cli),
      reason: `this node runs already, as pid ${running.pid}`,
      suggestion: 'lumos down, and then: lumos service install'
    }
  })
}

/** Whole or not at all, also when two do it at once. */
async function writeUnit(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(next, text, { mode: 0o644 })
    await rename(next, path)
  } catch (cause) {
    await rm(next, { force: true }).catch(() => undefined)
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new LumosError('HOME_UNUSABLE', { cause, details: { path, reason } })
  }
}

async function uninstall(cli: Cli): Promise<void> {
  const systemd = createSystemd(cli.env())
  const [unit, path] = [unitOf(cli), pathOf(cli)]
  await systemd.available()
  const isThere = await readFile(path, 'utf8').then(
    () => true,
    () => false
  )
  if (isThere) {
    await systemd.control('disable', '--now', unit)
    await rm(path, { force: true })
    await systemd.control('daemon-reload')
  }
  if (cli.flags.json) return cli.document({ v: 1, unit, path, removed: isThere })
  cli.print(isThere ? `${unit} is stopped and gone` : `there is no ${unit}`)
  if (isThere) cli.note(`removed: ${path}; what the node knows stays; undo: lumos service install`)
}

async function showStatus(cli: Cli): Promise<void> {
  const systemd = createSystemd(cli.env())
  const unit = unitOf(cli)
  await systemd.available()
  const state = await systemd.show(unit)
  cli.exitCode = state.active === 'active' ? EXIT_OF.ok : EXIT_OF.critical
  if (cli.flags.json) return cli.document({ v: 1, unit, path: pathOf(cli), ...state })
  const { active, sub, file, pid, restarts, result } = state
  if (file === '') {
    cli.print(`there is no ${unit}`)
    return cli.note('lumos service install')
  }
  const facts = [
    `${unit} is ${active} (${sub})`,
    ...(pid === 0 ? [] : [`pid ${pid}`]),
    file,
    ...(restarts === 0 ? [] : [`started anew ${restarts} times`]),
    ...(result === 'success' || result === '' ? [] : [`last run: ${result}`])
  ]
  cli.print(facts.join('   '))
  if (active !== 'active') cli.note('why: lumos service logs')
}
