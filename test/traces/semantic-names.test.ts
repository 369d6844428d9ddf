import { expect, it } from "vitest";
import * as names from "../../src/traces/semantic-names.ts";

it("pins the names that backends read, so that a change of them is seen", () => {
  const { operation, agentName, errorType, spanType, inputValue, outputValue } = names;
  expect({ operation, agentName, errorType, spanType, inputValue, outputValue }).toEqual({
    operation: "gen_ai.operation.name",
    agentName: "gen_ai.agent.name",
    errorType: "error.type",
    spanType: "mlflow.spanType",
    inputValue: "mlflow.spanInputs",
    outputValue: "mlflow.spanOutputs",
  });
  const own = Object.values(names).filter((name) => name.startsWith("troupe."));
  expect(new Set(own).size).toBe(own.length);
});
