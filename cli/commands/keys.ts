/** `lumos keys`: handed to the program of the node, which owns the key. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

const PASSPHRASE = '--passphrase-file <file>'
const ABOUT = 'instead of asking for it; there is no flag for the passphrase itself'

interface KeyFlags {
  readonly passphraseFile?: string
  readonly force?: boolean
  readonly leaked?: boolean
}

type Hand = (words: readonly string[], flags?: KeyFlags) => Promise<void>

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos keys', 'who this node is, and how its key is kept')
    .example('lumos keys export backup.key', 'an encrypted copy')
    .example('lumos keys encrypt', 'put the key on this disk behind a passphrase')
    .example('lumos keys rotate', 'another key, and still the same member')
  const hand: Hand = async (words, { passphraseFile, force, leaked } = {}) => {
    const flags = [
      ...(passphraseFile === undefined ? [] : ['--passphrase-file', passphraseFile]),
      ...(force ? ['--force'] : []),
      ...(leaked ? ['--leaked'] : []),
      ...(cli.flags.json ? ['--json'] : [])
    ]
    cli.exitCode = await cli.host.runNode(['keys', ...flags, '--', ...words], cli.env())
  }
  defineCopies(command, hand)
  defineLock(command, hand)
  defineRotation(command, hand)
}

function defineCopies(command: LumosCommand, hand: Hand): void {
  command
    .command('show', { isDefault: true })
    .description('PeerId, file, and whether it is encrypted; never the key')
    .example('lumos keys show', 'who this node is')
    .example('lumos keys show --json | jq -r .peer', 'its PeerId')
    .action(() => hand(['show']))
  command
    .command('export')
    .description('write a copy of the key, encrypted with a passphrase')
    .argument('<file>', 'a new file')
    .option(PASSPHRASE, ABOUT)
    .example('lumos keys export backup.key', 'asks for a passphrase, twice')
    .example('lumos keys export backup.key --passphrase-file /run/secrets/word', 'in a script')
    .action((file: string, flags: KeyFlags) => hand(['export', file], flags))
  command
    .command('import')
    .description('make this node the one whose key was exported; it must not be running')
    .argument('<file>', 'what lumos keys export has written')
    .option(PASSPHRASE, ABOUT)
    .option('--force', 'in place of the key that is there, of which a copy is kept')
    .example('lumos keys import backup.key', 'on a new machine')
    .example('lumos keys import backup.key --force', 'where a node has been started already')
    .action((file: string, flags: KeyFlags) => hand(['import', file], flags))
}

function defineLock(command: LumosCommand, hand: Hand): void {
  command
    .command('encrypt')
    .description('put the key on this disk behind a passphrase; the node must not be running')
    .option(PASSPHRASE, ABOUT)
    .example('lumos keys encrypt', 'asks for a passphrase, twice')
    .example('lumos keys encrypt --passphrase-file /run/secrets/word', 'in a script')
    .action((flags: KeyFlags) => hand(['encrypt'], flags))
  command
    .command('decrypt')
    .description('take the passphrase away again; the node must not be running')
    .example('lumos keys decrypt', 'asks for the passphrase')
    .example('LUMOS_KEY_PASSPHRASE_FILE=/run/secrets/word lumos keys decrypt', 'in a script')
    .action(() => hand(['decrypt']))
}

function defineRotation(command: LumosCommand, hand: Hand): void {
  command
    .command('rotate')
    .description('give this node another key; its swarm knows it again. It must not be running')
    .option('--leaked', 'somebody may have the old key: grants that it gave end, too')
    .example('lumos down && lumos keys rotate && lumos up', 'as a matter of routine')
    .example('lumos keys rotate --leaked', 'after a disk or a backup got away')
    .action((flags: KeyFlags) => hand(['rotate'], flags))
}
