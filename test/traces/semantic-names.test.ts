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
  expect(names.runTag).toBe("mlflow.traceTag.troupe.run");
  const { toolName, provider, requestModel, responseModel, inputTokens, outputTokens, cachedTokens } = names;
  expect([toolName, provider, requestModel, responseModel, inputTokens, outputTokens, cachedTokens]).toEqual([
    "gen_ai.tool.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
  ]);
  expect([names.chat, names.executeTool, names.inputMessages, names.toolArguments]).toEqual([
    "chat",
    "execute_tool",
    "gen_ai.input.messages",
    "gen_ai.tool.call.arguments",
  ]);
  const own = Object.values(names).filter((name) => name.startsWith("troupe."));
  expect(new Set(own).size).toBe(own.length);
});
