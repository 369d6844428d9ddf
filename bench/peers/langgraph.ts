/** LangGraph.js as a peer, if it is installed in `bench/peers`: `npm install --prefix bench/peers`. */

import { join } from "node:path";
import type { Subject } from "../../src/bench/measure.ts";
import { perSecond } from "../topic.ts";

interface Graph {
  compile(options: { readonly checkpointer: unknown }): {
    invoke(input: unknown, config: { readonly configurable: { readonly thread_id: string } }): Promise<unknown>;
  };
}

const updates = 200;
let threads = 0;

/** A graph of one node that changes two fields of a state like that of the other subjects; one thread a round. */
export async function langGraphSubjects(directory: string): Promise<readonly Subject[]> {
  try {
    const { Annotation, END, MemorySaver, START, StateGraph } = await peer("@langchain/langgraph");
    const fields = ["owner", "cents", "changes", "limits"].map((name) => [name, Annotation()]);
    const State = Annotation.Root(Object.fromEntries(fields));
    const graph = new StateGraph(State)
      .addNode("pay", ({ cents = 0, changes = 0 }: Record<string, number>) => ({
        cents: cents + 5,
        changes: changes + 1,
      }))
      .addEdge(START, "pay")
      .addEdge("pay", END) as Graph;
    const subjects = [subjectOf("LangGraph MemorySaver", graph, new MemorySaver())];
    try {
      const { SqliteSaver } = await peer("@langchain/langgraph-checkpoint-sqlite");
      const saver: unknown = SqliteSaver.fromConnString(join(directory, "peer.sqlite"));
      subjects.push(subjectOf("LangGraph SqliteSaver", graph, saver));
    } catch (error) {
      console.error(`LangGraph's SqliteSaver doesn't load here: ${String(error)}`);
    }
    return subjects;
  } catch {
    console.error("LangGraph.js isn't installed: npm install --prefix bench/peers. Its figures are left out.");
    return [];
  }
}

function subjectOf(name: string, graph: Graph, checkpointer: unknown): Subject {
  const app = graph.compile({ checkpointer });
  return {
    name,
    async run() {
      const config = { configurable: { thread_id: `bench-${++threads}` } };
      await app.invoke({ owner: { name: "Anna", city: "Bonn" }, cents: 0, changes: 0, limits }, config);
      const start = performance.now();
      for (let i = 0; i < updates; i++) await app.invoke({}, config);
      return perSecond(updates, start);
    },
  };
}

const limits = Object.fromEntries(
  Array.from({ length: 13 }, (_, i) => [`kind-${i}`, { daily: i, monthly: 30 * i, isFixed: i % 2 === 0 }]),
);

/** By a name that the compiler doesn't look up: the project doesn't depend on it. */
// oxlint-disable-next-line typescript/no-explicit-any
function peer(name: string): Promise<any> {
  return import(name);
}
