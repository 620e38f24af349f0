/** Faults that need a network or a process of their own, found by the real command. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Check, DoctorReport } from '../../client/doctor-api.ts'
import { findings, others } from '../support/doctor-node.ts'
import { createLumos } from '../support/lumos.ts'
import type { Lumos } from '../support/lumos.ts'
import { ip, layCable, whyNoNamespaces } from '../support/network-namespaces.ts'
import { testFolder } from '../support/started-nodes.ts'

const run = promisify(execFile)
const DROP_MULTICAST = [
  'add table inet t',
  'add chain inet t in { type filter hook input priority 0; }',
  'add rule inet t in udp dport 5353 drop'
].join('; ')
const reason = whyNoNamespaces() ?? whyNoFilter()

function whyNoFilter(): string | undefined {
  try {
    execFileSync('nft', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'there is no nft'
  }
}

async function doctor(lumos: Lumos, ...args: readonly string[]): Promise<readonly Check[]> {
  const { stdout, stderr } = await lumos.run(['doctor', '--json', ...args])
  if (stdout === '') throw new Error(stderr)
  return (JSON.parse(stdout) as DoctorReport).checks
}

/** The causes of what is not well. */
function causes(checks: readonly Check[]): ReadonlySet<string | undefined> {
  return new Set(others(checks, '').map(({ code }) => code))
}

/** Something else has the usual port, in that namespace. */
async function takePort(namespace: string, port: number): Promise<number> {
  const script = `require('net').createServer().listen(${port}, () => console.log('ready'))`
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', script])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

test.skipIf(reason !== undefined)(
  `a black hole, a taken port and blocked multicast (${reason ?? 'in a namespace'})`,
  async () => {
    const cable = await layCable()
    onTestFinished(() => cable.remove())
    const [near] = cable.ends
    const lumos = createLumos({ home: testFolder(), namespace: near })
    const holder = await takePort(near, 5866)
    onTestFinished(() => lumos.kill('SIGKILL'))
    await lumos.daemon(['daemon', '--name', 'asker', '--no-same-host'])

    const first = await doctor(lumos)
    // Nobody else is there: that is true, too.
    expect(causes(first)).toEqual(new Set(['alone', 'port-taken']))
    expect(findings(first, 'port-taken')).toMatchObject([
      {
        area: 'Listening',
        state: 'warning',
        text: expect.stringMatching(
          new RegExp(
            `TCP port 5866 is taken by .*\\(pid ${holder}\\); this node listens elsewhere: /`
          )
        ),
        hint: expect.stringMatching(new RegExp(`^kill ${holder}; lumos restart`))
      }
    ])
    expect(first.find(({ name }) => name === 'mDNS')).toMatchObject({ state: 'ok' })

    // Its card takes no packets: whatever is sent there is gone.
    await ip('-n', near, 'neigh', 'add', '10.77.0.99', 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0')
    const hole = await doctor(lumos, '--peer', '10.77.0.99:5866')
    expect(causes(hole)).toEqual(new Set(['timeout']))
    expect(findings(hole, 'timeout')).toMatchObject([
      {
        area: 'Peer /ip4/10.77.0.99/tcp/5866',
        state: 'critical',
        text: expect.stringMatching(/no answer within 2 s: the packets are dropped on the way/),
        hint: expect.stringMatching(/sudo ufw allow 5866\/tcp/),
        tried: [{ step: 'tcp', ok: false }]
      }
    ])

    await run('ip', ['netns', 'exec', near, 'nft', DROP_MULTICAST])
    const blocked = await doctor(lumos)
    expect(causes(blocked)).toEqual(new Set(['alone', 'mdns-blocked', 'port-taken']))
    expect(findings(blocked, 'mdns-blocked')).toMatchObject([
      {
        area: 'Discovery',
        state: 'critical',
        text: expect.stringMatching(/mDNS: no answer to our own query \(multicast is blocked/),
        hint: expect.stringMatching(/^sudo ufw allow 5353\/udp.*lumos invite/)
      }
    ])
  }
)

test('a node that did not start because its port is taken: by whom is told without it', async () => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const lumos = createLumos({ home: testFolder() })
  const listen = `/ip4/127.0.0.1/tcp/${port}`
  const { code } = await lumos.run(['daemon', '--listen', listen, '--no-mdns', '--no-same-host'])
  expect(code).not.toBe(0)
  const checks = await doctor(lumos)
  expect(causes(checks)).toEqual(new Set(['port-taken']))
  expect(findings(checks, 'port-taken')).toMatchObject([
    {
      area: 'Daemon',
      state: 'critical',
      text: expect.stringMatching(
        new RegExp(`not running.*TCP port ${port}, which is taken by .*\\(pid ${process.pid}\\)`)
      ),
      hint: expect.stringMatching(/lumos up --listen/)
    }
  ])
})
