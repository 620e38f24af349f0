/** A node whose key is encrypted is started by whoever knows the passphrase, and is there to type it. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { startAsking } from '../../../cli/start-asking.ts'
import { askSecret } from '../../../core/ask-secret.ts'
import { LumosError } from '../../../core/errors.ts'
import { Secret } from '../../../core/secret.ts'
import { createTestCli } from '../../support/cli.ts'

const LOCKED = new LumosError('KEY_LOCKED', { details: { reason: 'no passphrase was given' } })
const WRONG = new LumosError('KEY_PASSPHRASE', { details: { peer: '12D3KooWMe' } })

const nobody = (): Promise<never> => Promise.reject(new TypeError('nobody is to be asked'))

/** A node with the key of `right`; a person who types `answers`. */
function setup(right: string, answers: readonly string[]) {
  const left = [...answers]
  const questions: string[] = []
  const tried: string[] = []
  const started = startAsking({
    start: async (passphrase) => {
      if (passphrase === undefined) throw LOCKED
      tried.push(passphrase.reveal())
      if (passphrase.reveal() !== right) throw WRONG
      return 'started'
    },
    ask: async (question) => {
      questions.push(question)
      const answer = left.shift()
      return answer === undefined ? undefined : new Secret(answer)
    }
  })
  return { started, questions, tried }
}

test('the passphrase is asked for when the key is encrypted, and handed over', async () => {
  const { started, questions, tried } = setup('open', ['open'])
  expect(await started).toBe('started')
  expect(tried).toEqual(['open'])
  expect(questions).toEqual([
    'the key of this node is encrypted: no passphrase was given\npassphrase: '
  ])
})

test('three wrong answers are enough', async () => {
  const { started, questions } = setup('open', ['a', 'b', 'c', 'open'])
  await expect(started).rejects.toBe(WRONG)
  expect(questions).toHaveLength(3)
  expect(questions[1]).toBe('that was not it; passphrase: ')
})

test('where nobody answers, the failure is what it was', async () => {
  await expect(setup('open', []).started).rejects.toBe(LOCKED)
  await expect(setup('open', ['wrong']).started).rejects.toBe(WRONG)
})

test('nothing is asked about other failures, nor about a wrong passphrase in a file', async () => {
  for (const failure of [WRONG, new LumosError('PORT_IN_USE'), new TypeError('a bug')]) {
    await expect(startAsking({ start: () => Promise.reject(failure), ask: nobody })).rejects.toBe(
      failure
    )
  }
})

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input })
  let shown = ''
  const output = { isTTY: true, write: (text: string) => (shown += text) }
  return { input, output, shown: () => shown }
}

test('what is typed is not shown', async () => {
  const { input, output, shown } = terminal()
  const answer = askSecret({ input, output }, 'passphrase: ')
  input.write('correct horse\r')
  expect((await answer)?.reveal()).toBe('correct horse')
  expect(shown()).toBe('passphrase: \n')
})

test('Enter alone, Ctrl-C and Ctrl-D leave; without a terminal nothing is asked', async () => {
  for (const key of ['\r', '\u0003', '\u0004']) {
    const { input, output } = terminal()
    const answer = askSecret({ input, output }, 'passphrase: ')
    input.write(key)
    expect(await answer).toBeUndefined()
  }
  const { input, output, shown } = terminal()
  expect(await askSecret({ input: new PassThrough(), output }, '?')).toBeUndefined()
  expect(await askSecret({ input, output: { write: () => 0 } }, '?')).toBeUndefined()
  expect(shown()).toBe('')
})

test('the daemon is told that the passphrase comes on stdin', async () => {
  const cli = await createTestCli()
  const words: string[] = []
  const runNode = async (argv: readonly string[]): Promise<number> => {
    words.push(...argv)
    return 0
  }
  await cli.run(['daemon', '--ready-fd', '3', '--passphrase-stdin'], { runNode })
  expect(words).toEqual(['daemon', '--ready-fd', '3', '--passphrase-stdin'])
})
