/** `lumos keys`: shows the key of a profile, copies it out and in, and puts it behind a passphrase. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { silentLogger } from '../../core/logger.ts'
import type { NodePaths } from '../../core/paths.ts'
import type { Random } from '../../core/random.ts'
import type { Secret } from '../../core/secret.ts'
import { createFileAtomic, readFileBounded, writeFileAtomic } from '../../storage/atomic-file.ts'
import { errnoText } from '../../storage/private-directory.ts'
import { createAuditLog } from '../../trust/audit-log.ts'
import {
  KEY_FILE,
  NEXT_KEY_FILE,
  openSealedKey,
  parsePlainKey,
  plainKeyText,
  requireWhole
} from '../../trust/identity.ts'
import { readPassphrase } from '../../trust/passphrase.ts'
import { parseSealedKey, sealKey } from '../../trust/sealed-key.ts'
import type { CommandResult } from '../config/config-command.ts'
import { prepareHome } from '../daemon/home.ts'
import { lockProfile } from '../daemon/profile-lock.ts'
import { rotateKey } from './rotate-key.ts'

export interface KeysCommandInit {
  readonly clock: Clock
  readonly random: Random
  readonly paths: NodePaths
  /** Of the configuration, for a key that is encrypted on this disk. */
  readonly passphraseFile: string | undefined
  /** The swarm that a start would take. */
  readonly swarm: string
  /** Base 2 logarithm of scrypt's N, when the default is not wanted. */
  readonly cost?: number
  /** Asks a person, without showing what is typed; `undefined` when nobody is there. */
  readonly ask: (question: string) => Promise<Secret<string> | undefined>
}

interface Words {
  readonly words: readonly string[]
  readonly passphraseFile: string | undefined
  readonly force: boolean
  readonly leaked: boolean
}

type Command = KeysCommandInit & { readonly given: Words }

/** Shorter ones fall to whoever has the file and a week. */
const MIN_PASSPHRASE = 12
const MAX_FILE_BYTES = 1024

/** `argv`: what follows `lumos keys`. @throws USAGE, KEY_LOCKED, KEY_PASSPHRASE, KEY_EXISTS, IDENTITY_INVALID, PROFILE_LOCKED, and what `rotateKey` throws */
export async function runKeysCommand(
  argv: readonly string[],
  init: KeysCommandInit
): Promise<CommandResult> {
  const command = { ...init, given: parseWords(argv) }
  const [action = 'show', file] = command.given.words
  switch (action) {
    case 'show':
      return show(command)
    case 'export':
      return exportKey(command, needed(file, 'export FILE'))
    case 'import':
      return owned(command, () => importKey(command, needed(file, 'import FILE')))
    case 'encrypt':
      return owned(command, () => encrypt(command))
    case 'decrypt':
      return owned(command, () => decrypt(command))
    case 'rotate':
      return owned(command, () => rotate(command))
    default:
      throw usage(`keys knows show, export, import, encrypt, decrypt and rotate, not "${action}"`)
  }
}

async function show({ paths }: Command): Promise<CommandResult> {
  const path = keyPath(paths)
  const { peer, encrypted } = await readOwn(path)
  const how = encrypted ? 'encrypted with a passphrase' : 'readable for this user only'
  return {
    text: `${peer}\n  file  ${path}, ${how}\n`,
    document: { v: 1, peer, path, encrypted }
  }
}

/** The copy opens with the passphrase given now, whether or not the key here has one. */
async function exportKey(command: Command, file: string): Promise<CommandResult> {
  const { peer, key } = await open(command)
  const text = await sealed(key, command)
  if (!(await createFileAtomic(file, text))) throw usage(`${file} exists already`)
  return { text: `the key of ${peer} is in ${file}, encrypted\n`, document: { v: 1, peer, file } }
}

async function importKey(command: Command, file: string): Promise<CommandResult> {
  const path = keyPath(command.paths)
  const text = await readText(file)
  if (text === undefined) throw usage(`${file} does not exist`)
  const copy = parseSealedKey(text)
  if (copy === undefined) throw invalid(file, 'it was not written by lumos keys export')
  const passphrase = await passphraseOf(command, `passphrase of ${file}: `)
  const key = await openSealedKey(file, copy, passphrase)
  const backup = await setAside(path, command)
  await writeFileAtomic(path, plainKeyText(key))
  const saved = backup === undefined ? '' : `; the one before is in ${backup}`
  return {
    text: `this node is ${copy.peer} now${saved}\n`,
    document: { v: 1, peer: copy.peer, ...(backup !== undefined && { backup }) }
  }
}

/** @returns where the key that was there is now */
async function setAside(path: string, { clock, given }: Command): Promise<string | undefined> {
  const text = await readText(path)
  if (text === undefined) return undefined
  const { peer } = describe(path, text)
  if (!given.force) throw new LumosError('KEY_EXISTS', { details: { peer } })
  const backup = `${path}.${new Date(clock.now()).toISOString().replaceAll(/[-:]|\..*/g, '')}`
  if (!(await createFileAtomic(backup, text))) throw usage(`${backup} exists already`)
  return backup
}

async function encrypt(command: Command): Promise<CommandResult> {
  const path = keyPath(command.paths)
  const own = await readOwn(path)
  if (own.encrypted) throw usage('the key is encrypted already: decrypt it first')
  const text = await sealed(parsePlainKey(path, own.text), command)
  await writeFileAtomic(path, text)
  return {
    text: [
      'the key is encrypted: lumos up asks for the passphrase from now on\n',
      '  where nobody is to be asked, name a file with it: LUMOS_KEY_PASSPHRASE_FILE\n'
    ].join(''),
    document: { v: 1, peer: own.peer, encrypted: true }
  }
}

async function decrypt(command: Command): Promise<CommandResult> {
  const { peer, key, encrypted } = await open(command)
  if (!encrypted) throw usage('the key is not encrypted')
  await writeFileAtomic(keyPath(command.paths), plainKeyText(key))
  return { text: 'the key is not encrypted any more\n', document: { v: 1, peer, encrypted: false } }
}

async function rotate(command: Command): Promise<CommandResult> {
  const { paths, swarm, given } = command
  const { key: old, passphrase } = await open(command)
  const path = join(paths.data, NEXT_KEY_FILE)
  const text = await readText(path)
  const begun = text === undefined ? undefined : await openText({ path, text }, passphrase)
  const rotation = await rotateKey({
    ...command,
    directory: paths.data,
    swarm,
    reason: given.leaked ? 'leaked' : 'routine',
    old,
    begun,
    textOf: async (key) =>
      passphrase === undefined ? plainKeyText(key) : sealedText(key, passphrase, command)
  })
  const { was, peer, swarms } = rotation
  return {
    text: [
      `this node is ${peer} now
`,
      `  was    ${was}, which nobody lets in any more
`,
      `  told   when the node starts, in ${swarms.length === 1 ? 'the swarm' : 'the swarms'} ${swarms.join(', ')}: lumos up
`,
      `  void   invites that it gave${given.leaked ? ', and grants' : ''}: give them anew
`
    ].join(''),
    document: { v: 1, peer, was, swarms: [...swarms] }
  }
}

/** While no daemon uses the key; what was done is in the audit log. */
async function owned(
  { clock, paths, given }: Command,
  change: () => Promise<CommandResult>
): Promise<CommandResult> {
  await prepareHome(paths)
  const lock = await lockWhileDown({ clock }, paths)
  const directory = join(paths.data, 'audit')
  const audit = createAuditLog({ clock, logger: silentLogger }, { directory })
  try {
    if (given.words[0] !== 'rotate') await requireWhole(paths.data)
    await audit.start()
    const result = await change()
    audit.note({ who: 'local', did: `${given.words[0]}Key`, allowed: true })
    return result
  } finally {
    await audit.stop()
    lock.release()
  }
}

async function lockWhileDown(
  components: Pick<KeysCommandInit, 'clock'>,
  paths: NodePaths
): ReturnType<typeof lockProfile> {
  try {
    return await lockProfile(components, paths)
  } catch (error) {
    if (!(error instanceof LumosError) || error.code !== 'PROFILE_LOCKED') throw error
    const suggestion = 'the node must not be running: lumos down, then once more'
    throw new LumosError('PROFILE_LOCKED', { details: { ...error.details, suggestion } })
  }
}

interface OwnKey {
  readonly peer: PeerIdText
  readonly encrypted: boolean
  readonly text: string
}

async function readOwn(path: string): Promise<OwnKey> {
  const text = await readText(path)
  if (text === undefined) throw invalid(path, 'there is none: the first lumos up makes it')
  return { ...describe(path, text), text }
}

function describe(path: string, text: string): Omit<OwnKey, 'text'> {
  const copy = parseSealedKey(text)
  if (copy !== undefined) return { peer: copy.peer, encrypted: true }
  return { peer: parsePlainKey(path, text).publicKey.toString(), encrypted: false }
}

interface OpenedKey extends OwnKey {
  readonly key: Ed25519PrivateKey
  /** Of a key that is encrypted. */
  readonly passphrase?: Secret<string>
}

async function open(command: Command): Promise<OpenedKey> {
  const path = keyPath(command.paths)
  const own = await readOwn(path)
  if (!own.encrypted) return { ...own, key: parsePlainKey(path, own.text) }
  const { passphraseFile: file } = command
  const passphrase =
    file === undefined
      ? await command.ask('passphrase of the key on this disk: ')
      : await readPassphrase(file)
  if (passphrase === undefined) throw locked()
  return { ...own, key: await openText({ path, text: own.text }, passphrase), passphrase }
}

async function openText(
  { path, text }: { readonly path: string; readonly text: string },
  passphrase: Secret<string> | undefined
): Promise<Ed25519PrivateKey> {
  const copy = parseSealedKey(text)
  if (copy === undefined) return parsePlainKey(path, text)
  if (passphrase === undefined) throw locked()
  return openSealedKey(path, copy, passphrase)
}

async function sealed(key: Ed25519PrivateKey, command: Command): Promise<string> {
  const passphrase = await passphraseOf(command, 'new passphrase: ')
  if (passphrase.reveal().length < MIN_PASSPHRASE) {
    throw usage(`the passphrase is shorter than ${MIN_PASSPHRASE} characters`)
  }
  if (command.given.passphraseFile === undefined) {
    const again = await command.ask('once more: ')
    if (again?.reveal() !== passphrase.reveal()) throw usage('the two are not the same')
  }
  return sealedText(key, passphrase, command)
}

async function sealedText(
  key: Ed25519PrivateKey,
  passphrase: Secret<string>,
  command: Command
): Promise<string> {
  const [peer, bytes] = [key.publicKey.toString(), privateKeyToProtobuf(key)]
  return `${JSON.stringify(await sealKey({ peer, bytes }, passphrase, command))}\n`
}

async function passphraseOf({ given, ask }: Command, question: string): Promise<Secret<string>> {
  if (given.passphraseFile !== undefined) return readPassphrase(given.passphraseFile)
  const answer = await ask(question)
  if (answer === undefined) throw usage('there is nobody to ask: use --passphrase-file')
  return answer
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await readFileBounded(path, MAX_FILE_BYTES)
    return file && Buffer.from(file.content).toString()
  } catch (cause) {
    throw invalid(path, errnoText(cause))
  }
}

function keyPath({ data }: NodePaths): string {
  return join(data, KEY_FILE)
}

function parseWords(argv: readonly string[]): Words {
  const options = {
    'passphrase-file': { type: 'string' },
    force: { type: 'boolean' },
    leaked: { type: 'boolean' }
  } as const
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const { 'passphrase-file': passphraseFile, force = false, leaked = false } = values
    return { words: positionals, passphraseFile, force, leaked }
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause))
  }
}

function needed(word: string | undefined, form: string): string {
  if (word === undefined) throw usage(`write: lumos keys ${form}`)
  return word
}

function usage(reason: string): LumosError {
  return new LumosError('USAGE', { details: { reason } })
}

function invalid(path: string, reason: string): LumosError {
  return new LumosError('IDENTITY_INVALID', { details: { path, reason } })
}

function locked(): LumosError {
  return new LumosError('KEY_LOCKED', { details: { reason: 'no passphrase was given' } })
}
