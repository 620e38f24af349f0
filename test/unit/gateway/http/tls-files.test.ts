/** The files of TLS: what is damaged is said with its place, what is renewed is seen. */
import { createPrivateKey } from 'node:crypto'
import { rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createTlsFiles } from '../../../../gateway/http/tls-files.ts'
import { makeCertificate } from '../../../support/certificates.ts'
import { writeTlsFiles } from '../../../support/tls-files.ts'

const AUTHORITY = makeCertificate({ name: 'authority' })
const SERVER = makeCertificate({ name: 'gateway', issuer: AUTHORITY })

const setup = () => writeTlsFiles(SERVER, AUTHORITY)

function encrypted(key: string): string {
  const how = { cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const
  return createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', ...how })
    .toString()
}

test('files behind links change when the links do', async () => {
  const paths = await setup()
  const [one, other] = [await setup(), await setup()]
  await unlink(paths.cert)
  await symlink(one.cert, paths.cert)
  const watched = createTlsFiles({ ...paths, clients: 'optional' })
  await watched.read()
  expect(await watched.haveChanged()).toBe(false)
  await symlink(other.cert, `${paths.cert}.new`)
  await rename(`${paths.cert}.new`, paths.cert)
  expect(await watched.haveChanged()).toBe(true)
})

test.for([
  ['a missing certificate', { cert: undefined }, 'TLS_FILE_UNUSABLE', 'ENOENT'],
  ['an empty certificate', { cert: '' }, 'TLS_FILE_UNUSABLE', 'no PEM certificate'],
  ['a key for a certificate', { cert: SERVER.key }, 'TLS_FILE_UNUSABLE', 'no PEM certificate'],
  [
    'a damaged certificate',
    { cert: SERVER.cert.replaceAll(/[a-m]/g, 'A') },
    'TLS_FILE_UNUSABLE',
    'damaged'
  ],
  ['a certificate for a key', { key: SERVER.cert }, 'TLS_FILE_UNUSABLE', 'no PEM private key'],
  ['a key with a passphrase', { key: encrypted(SERVER.key) }, 'TLS_FILE_UNUSABLE', 'passphrase'],
  ['a key of another', { key: AUTHORITY.key }, 'TLS_KEY_MISMATCH', ''],
  ['no authorities', { clientCa: 'x' }, 'TLS_FILE_UNUSABLE', 'no PEM certificate'],
  ['a file without end', { key: 'x'.repeat(2 ** 20 + 1) }, 'TLS_FILE_UNUSABLE', 'more than']
] as const)(
  '%s is told with its place, and without its content',
  async ([, changed, code, word]) => {
    const paths = await setup()
    for (const name of ['cert', 'key', 'clientCa'] as const) {
      if (!Object.hasOwn(changed, name)) continue
      const content: string | undefined = Reflect.get(changed, name)
      if (content === undefined) await unlink(paths[name])
      else await writeFile(paths[name], content)
    }
    const failure: unknown = await createTlsFiles({ ...paths, clients: 'optional' })
      .read()
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code, message: expect.stringContaining(word) })
    const [, secret = ''] = SERVER.key.split('\n')
    expect(JSON.stringify(failure)).not.toContain(secret)
    expect(String((failure as Error).stack)).not.toContain(secret)
  }
)
