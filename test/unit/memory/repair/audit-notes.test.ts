/** What is remembered between audits: whose word counts, from where they go on, and how little it takes. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { auditNotesOf, createAuditNotes } from '../../../../memory/repair/audit-notes.ts'

function names(first: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    sequence: first + index,
    id: String(first + index)
  }))
}

const ROOM = LIMITS.memoryAuditNames.value

test('a record is lacked by another only when a second peer lacks it', () => {
  const notes = createAuditNotes()
  expect(notes.lackedByAnother('a', names(1, 2))).toEqual([])
  expect(notes.lackedByAnother('a', names(1, 2))).toEqual([])
  expect(notes.lackedByAnother('b', names(2, 2))).toEqual(names(2, 1))
})

test('peers without a name are one and the same', () => {
  const notes = createAuditNotes()
  notes.lackedByAnother(undefined, names(1, 1))
  expect(notes.lackedByAnother(undefined, names(1, 1))).toEqual([])
})

test('what a peer lacks makes room for what else it lacks, and not at the cost of other peers', () => {
  const notes = createAuditNotes()
  notes.lackedByAnother('honest', names(1, 1))
  notes.lackedByAnother('liar', names(2, ROOM + 1))
  expect(notes.lackedByAnother('another', names(1, ROOM + 2))).toEqual([
    ...names(1, 1),
    ...names(ROOM + 2, 1)
  ])
})

test('of many peers only the last are remembered', () => {
  const notes = createAuditNotes()
  for (let peer = 1; peer <= 17; peer += 1) notes.lackedByAnother(`p${peer}`, names(peer, 1))
  expect(notes.lackedByAnother('another', names(1, 17))).toEqual(names(2, 16))
})

test('no word counts after all were forgotten', () => {
  const notes = createAuditNotes()
  notes.lackedByAnother('a', names(1, 1))
  notes.forgetLacks()
  expect(notes.lackedByAnother('b', names(1, 1))).toEqual([])
})

test('audits with one peer go on where they were, whatever those with others come to', () => {
  const notes = createAuditNotes()
  notes.move('a', { writer: 'w', block: 3 })
  notes.move('b', { writer: 'x', block: 1 })
  expect(notes.placeOf('a')).toEqual({ writer: 'w', block: 3 })
  expect(notes.placeOf('c')).toEqual({ writer: '', block: 0 })
})

test('the peer that was audited longest ago begins anew', () => {
  const notes = createAuditNotes()
  const place = { writer: 'w', block: 1 }
  notes.move('first', place)
  for (let peer = 1; peer <= LIMITS.connections.value; peer += 1) notes.move(`p${peer}`, place)
  expect(notes.placeOf('first')).toEqual({ writer: '', block: 0 })
  expect(notes.placeOf('p1')).toEqual(place)
})

test('each replica has its own', () => {
  const [one, other] = [{}, {}]
  expect(auditNotesOf(one)).toBe(auditNotesOf(one))
  expect(auditNotesOf(one)).not.toBe(auditNotesOf(other))
})
