/** Statements that belong together count together, in however many parts they are checked. */
import { expect, test } from 'vitest'
import { createSpaceOwner } from '../../../memory/spaces/space-owner.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../memory/spaces/space.ts'
import { testReplica } from '../../support/memory-replica.ts'
import { toySigner } from '../../support/memory-world.ts'

const OWNER = toySigner('owner')
const WRITER = toySigner('writer').author
const SPACE = createSpace(
  {
    ...DEFAULT_QUOTAS,
    name: 'team',
    mode: 'members',
    sealed: false,
    nonce: '01'.repeat(16),
    owner: OWNER.author
  },
  OWNER
)

async function open(name: string) {
  const { replica } = await testReplica({ name, space: SPACE })
  return replica
}

/** A writer was sent away, many came, it was let in again and wrote; another node lacks all that was said since. */
async function setup() {
  const [own, writer, node] = [await open('owner'), await open('writer'), await open('node')]
  const said = () => own.statements.map(({ bytes }) => bytes)
  const owner = createSpaceOwner({ replica: own, signer: OWNER })
  await owner.grant(WRITER, { role: 'write', prefix: '' })
  for (const each of [writer, node]) await each.admit(said())
  await writer.write({ key: 'old', value: Buffer.from('1') })
  for await (const batch of writer.missing(own.vector)) await own.receive(batch)
  await owner.revoke(WRITER)
  for (let index = 0; index < 260; index += 1) {
    await owner.grant(toySigner(`member ${index}`).author, { role: 'write', prefix: '' })
  }
  await owner.grant(WRITER, { role: 'write', prefix: '' })
  await writer.admit(said())
  const { bytes } = await writer.write({ key: 'only', value: Buffer.from('copy') })
  await node.receive({ writer: writer.writer, records: [bytes] })
  const known = new Set(node.statements.map(({ id }) => id))
  const lacking = own.statements.filter(({ id }) => !known.has(id)).map((each) => each.bytes)
  return { node, lacking }
}

test('a record that is valid before and after is not lost in between', async () => {
  const { node, lacking } = await setup()
  const parts: number[] = []
  await node.admit(lacking, (records, part) => {
    parts.push(records)
    return part()
  })
  expect(parts).toEqual([256, lacking.length - 256, 0])
  expect(node.statements).toHaveLength(lacking.length + 1)
  expect(await node.get('only')).toBeDefined()
})

test('who is stopped between two parts has taken nothing', async () => {
  const { node, lacking } = await setup()
  const failing = node.admit(lacking, (records, part) =>
    records === 256 ? part() : Promise.reject(new Error('left'))
  )
  await expect(failing).rejects.toThrow('left')
  expect(node.statements).toHaveLength(1)
  expect(await node.get('only')).toBeDefined()
})
