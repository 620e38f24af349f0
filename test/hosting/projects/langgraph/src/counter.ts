import { Annotation, END, START, StateGraph } from '@langchain/langgraph'

const State = Annotation.Root({ words: Annotation<string>(), count: Annotation<number>() })

export const graph = new StateGraph(State)
  .addNode('counting', ({ words }) => ({ count: words.split(' ').length }))
  .addEdge(START, 'counting')
  .addEdge('counting', END)
  .compile()
