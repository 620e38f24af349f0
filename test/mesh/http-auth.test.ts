/** Ways into a whole node over HTTP: a user of an issuer, and a client with a certificate, each with tasks of its own. */
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testAgent } from '../support/a2a-nodes.ts'
import type { AssemblyOptions } from '../support/a2a-nodes.ts'
import { makeCertificate } from '../support/certificates.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import { TestIssuer } from '../support/jwt-issuer.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { writeTlsFiles } from '../support/tls-files.ts'

const echo = testAgent('echo', async function* ({ text }) {
  yield text
})

async function start(gateway: AssemblyOptions['gateway']) {
  const node = await startHttpNode([echo], { gateway: { port: 0, ...gateway } })
  onTestFinished(() => node.stop())
  return node
}

const message = (text: string) => ({
  message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text }] }
})

test('a user of an issuer has tasks of its own, and is in the audit log by its subject', async () => {
  const issuer = await TestIssuer.create()
  const jwksFile = join(await temporaryDirectory(), 'keys.json')
  await writeFile(jwksFile, JSON.stringify(await issuer.keys()))
  const { url, assembly } = await start({
    jwt: { acme: { issuer: issuer.issuer, audience: 'lumos', jwksFile } }
  })
  const now = Math.floor(assembly.components.clock.now() / 1000)
  const ask = async (path: string, claims: object, body?: object) => {
    const token = await issuer.token(now, { claims: { scope: 'task/send', ...claims } })
    const answer = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  const sent = await ask('/agents/echo/message:send', {}, message('of ada'))
  expect(sent.status).toBe(200)
  expect((await ask('/a2a/tasks', {})).text).toContain('of ada')
  expect((await ask('/a2a/tasks', { sub: 'bob' })).text).not.toContain('of ada')
  expect((await ask('/a2a/tasks', { scope: 'memory/read' })).status).toBe(403)
  const late = await ask('/a2a/tasks', { exp: now - 60 })
  expect(late.status).toBe(401)
  expect(late.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  expect(late.text).toContain('expired')
  const { audit } = assembly.wire.authority
  await audit.settled()
  const entries = await Array.fromAsync(audit.read())
  expect(entries).toContainEqual(
    expect.objectContaining({
      who: 'jwt:issuer.example/realms/acme/ada',
      did: 'task.send',
      what: 'echo'
    })
  )
})

test('a client with a certificate comes in by TLS, and cards lead back to where it came in', async () => {
  const authority = makeCertificate({ name: 'authority' })
  const alternatives = [['DNS', 'localhost']] as const
  const server = makeCertificate({ name: 'gateway', issuer: authority, alternatives })
  const client = makeCertificate({ name: 'ci', issuer: authority })
  const { url } = await start({
    roles: { sender: ['task/send'] },
    tls: {
      ...(await writeTlsFiles(server, authority)),
      certificates: { [client.fingerprint]: { role: 'sender' } }
    }
  })
  const agent = new Agent({
    ca: authority.cert,
    servername: 'localhost',
    cert: client.cert,
    key: client.key
  })
  onTestFinished(() => agent.destroy())
  const card = await new Promise<string>((resolve, reject) => {
    const asked = request(`${url}/agents/echo/.well-known/agent-card.json`, { agent }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => resolve(text))
    })
    asked.on('error', reject).end()
  })
  expect(url).toMatch(/^https:/)
  expect(card).toContain(`${url}/agents/echo`)
})
