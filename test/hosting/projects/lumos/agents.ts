import { defineAgent, inputRequired } from '../../../../agents/agent.ts'

/** Without the rest of the package, which would bring a network along. */
export const greeter = defineAgent({
  id: 'greeter',
  description: 'Greets by name, and remembers whom it greeted.',
  skills: [{ id: 'greet', name: 'Greet', description: 'Says hello.', tags: ['greeting'] }],
  async *run({ text, history, memory, ask }) {
    if (history.length === 1) {
      yield inputRequired('Which name?')
      return
    }
    await memory.space().put(`greeted/${text}`, true)
    const fact = await memory.space().get(`greeted/${text}`)
    const [part] = await ask('echo', `Hello, ${text}!`)
    yield `${part?.text} (${fact?.key})`
  }
})
