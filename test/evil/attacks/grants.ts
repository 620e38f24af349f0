/** Attacks of a member that wants more rights than it has. */
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { SignJWT } from 'jose'
import { systemClock } from '../../../core/clock.ts'
import { systemRandom } from '../../../core/random.ts'
import { encodeJson } from '../../../discovery/cards/card-protocol.ts'
import { BEHALF_EXTENSION, CHAIN_EXTENSION } from '../../../protocols/a2a/constants.ts'
import { taskIdMetadata } from '../../../protocols/a2a/extensions.ts'
import { GRANT_METHODS } from '../../../protocols/grants/messages.ts'
import { createBehalfSigner } from '../../../trust/grants/behalf.ts'
import { createGrantIssuer, GRANT_TYPE } from '../../../trust/grants/issue.ts'
import { identityOf } from '../../../trust/identity.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack, Target } from '../attack.ts'
import { asking, order } from './asking.ts'
import { codeOf, repeat, Tally } from './attempts.ts'

const HOUR_MS = 3_600_000

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Grants of somebody who has nothing to give, of somebody else, altered, unsigned, signed with a secret, broken. */
async function forgeries(evil: string, target: Target): Promise<readonly string[]> {
  const issue = createGrantIssuer(
    { clock: systemClock, random: systemRandom },
    identityOf(await generateKeyPair('Ed25519'))
  )
  const init = {
    audience: evil,
    with: `node:${target.peer}`,
    can: ['agent/offer', 'task/send'] as const,
    lifetimeMs: HOUR_MS
  }
  const stranger = await issue(init)
  const stolen = await issue({ ...init, audience: target.honest })
  const [header = '', payload = '', signature = ''] = stranger.token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const asVictim = encode({ ...claims, iss: target.peer })
  const symmetric = new SignJWT({ ...claims, iss: target.peer })
    .setProtectedHeader({ alg: 'HS256', typ: GRANT_TYPE })
    .sign(Buffer.alloc(32))
  return [
    stranger.token,
    stolen.token,
    `${header}.${asVictim}.${signature}`,
    `${encode({ alg: 'none', typ: GRANT_TYPE })}.${asVictim}.`,
    await symmetric,
    `${header}.${encode({ ...claims, everything: true })}.${signature}`,
    'x.y.z'
  ]
}

const forgedGrants: Attack = {
  name: 'forged grants',
  threats: [17, 31],
  expected: 'each refused; nothing more is allowed than before',
  async run(kit) {
    const { session, peer } = await asking(kit)
    const tokens = await forgeries(peer, kit.target)
    const body = encodeJson({ v: 1, tokens })
    let fewest = tokens.length
    const { done } = await repeat(kit, async () => {
      const answer = await session.request(GRANT_METHODS.show, body)
      const { refused } = JSON.parse(Buffer.from(answer).toString())
      fewest = Math.min(fewest, refused.length)
      await pause(20)
    })
    if (done === 0) throw new ShowsNothing('no answer')
    if (fewest < tokens.length) throw new Error(`only ${fewest} of ${tokens.length} were refused`)
    return `${done} times ${tokens.length} forged grants, each refused`
  }
}

const confusedDeputy: Attack = {
  name: 'confused deputy: tasks on behalf of others that never asked',
  threats: [17],
  expected:
    'refused: the first asker has not signed, or the chain is a circle, too long, or not the caller’s',
  async run(kit) {
    const { client, peer } = await asking(kit)
    kit.accuse(peer)
    const { honest, peer: victim, swarmId } = kit.target
    const sign = createBehalfSigner(
      { clock: systemClock, random: systemRandom },
      identityOf(await generateKeyPair('Ed25519'))
    )
    const own = { peer, agent: 'deputy' }
    const fromHonest = [{ peer: honest, agent: '' }, own]
    const tally = new Tally()
    const { done } = await repeat(kit, async () => {
      const taskId = crypto.randomUUID()
      const token = await sign({
        audience: victim,
        task: taskId,
        root: taskId.replaceAll('-', ''),
        with: `swarm:${swarmId}`,
        limits: {},
        expiresAt: systemClock.now() + HOUR_MS
      })
      const chains = [
        { path: fromHonest, token },
        { path: fromHonest, token: 'x.y.z' },
        { path: [own, { peer: honest, agent: '' }] },
        { path: [{ peer: victim, agent: 'clock' }, own] },
        { path: [...Array.from({ length: 20 }, (_, at) => ({ ...own, agent: `d${at}` })), own] }
      ]
      for (const { path, token: proof } of chains) {
        const metadata = {
          ...taskIdMetadata(taskId),
          [CHAIN_EXTENSION]: { path, maxHops: 8, priority: 'normal' },
          ...(proof !== undefined && { [BEHALF_EXTENSION]: { token: proof } })
        }
        const answer = client.sendMessage({ ...order('clock', 'utc'), metadata }, {})
        tally.add(await answer.then(() => 'done', codeOf))
      }
    })
    if (done === 0) throw new ShowsNothing('no answer')
    if (tally.count('done') > 0) throw new Error(tally.text())
    return tally.text()
  }
}

export const GRANT_ATTACKS: readonly Attack[] = [forgedGrants, confusedDeputy]
