/** The files of a server with TLS, in a directory that goes with the test. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestCertificate } from './certificates.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** @param authority whose certificates clients may show */
export async function writeTlsFiles(server: TestCertificate, authority: TestCertificate) {
  const directory = await temporaryDirectory()
  const paths = {
    cert: join(directory, 'cert.pem'),
    key: join(directory, 'key.pem'),
    clientCa: join(directory, 'ca.pem')
  }
  await writeFile(paths.cert, server.cert)
  await writeFile(paths.key, server.key)
  await writeFile(paths.clientCa, authority.cert)
  return paths
}
