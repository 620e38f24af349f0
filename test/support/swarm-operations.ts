/** A swarm of two for tests of those who ask for it. */
import type { SwarmDocument } from '../../client/swarm-api.ts'
import type { SwarmMemberOperations } from '../../gateway/control/swarm-operations.ts'

const TIME = '2026-01-02T03:04:05.678Z'

const SWARM: SwarmDocument = {
  v: 1,
  swarm: {
    name: 'home',
    id: '00112233aabbccdd',
    kind: 'members',
    role: 'owner',
    owner: '12D3KooWowner',
    key: { epoch: 2, known: true }
  },
  members: [
    {
      id: '12D3KooWowner',
      former: ['12D3KooWbefore'],
      name: 'amber-otter',
      standing: 'owner',
      by: '12D3KooWowner',
      since: TIME,
      connected: true
    },
    {
      id: '12D3KooWeve',
      former: [],
      name: 'eve',
      standing: 'removed',
      by: '12D3KooWowner',
      since: TIME,
      connected: false
    }
  ],
  invites: [{ id: '0f0f0f0f0f0f0f0f', role: 'worker', expiresAt: TIME, uses: 2, used: 1 }]
}

export function fakeSwarm(): SwarmMemberOperations {
  const show = async (): Promise<SwarmDocument> => SWARM
  const [invite] = SWARM.invites
  if (invite === undefined) throw new TypeError('there is one')
  return {
    show,
    invite: async () => ({ v: 1, invite, text: 'lumos1_AAAA', founded: true }),
    withdraw: show,
    remove: show,
    setRole: show,
    leave: show
  }
}
