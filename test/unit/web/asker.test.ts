/** Questions that are asked again while their answer is on its way. */
import { expect, test } from 'vitest'
import { createAsker } from '../../../web/asker.ts'

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

function setup() {
  const answers: (() => void)[] = []
  const asker = createAsker(() => new Promise<void>((resolve) => answers.push(resolve)))
  return { answers, asker }
}

test('what is asked while an answer is on its way is asked once, when that is there', async () => {
  const { answers, asker } = setup()
  for (let times = 0; times < 3; times += 1) asker.ask()
  expect(answers).toHaveLength(1)
  answers[0]?.()
  await settle()
  expect(answers).toHaveLength(2)
  answers[1]?.()
  await settle()
  expect(answers).toHaveLength(2)
  asker.ask()
  expect(answers).toHaveLength(3)
})

test('one that is stopped asks no more', async () => {
  const { answers, asker } = setup()
  asker.ask()
  asker.ask()
  asker.stop()
  answers[0]?.()
  await settle()
  expect(answers).toHaveLength(1)
})
