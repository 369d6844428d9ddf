/** A form for a message, made from what its schema says. */

import type { ActorData } from "../views/actor.ts";
import type { Form, FormField } from "../views/schema-form.ts";
import { type Field, jsonIn, Order } from "./order.tsx";
import { laidOut } from "./words.ts";

type Message = ActorData["messages"][number];

/** Each message has forms of its own: what was filled in for one says nothing of another. */
export function MessageForms({ address, messages }: Pick<ActorData, "address" | "messages">) {
  return (
    <>
      {messages.map((message) => (
        <details key={message.type}>
          <summary>{message.type}</summary>
          <MessageForm address={address} message={message} />
        </details>
      ))}
    </>
  );
}

function MessageForm({
  address,
  message: { type, isAsk, form },
}: {
  readonly address: string;
  readonly message: Message;
}) {
  const of = (ask: boolean) => (given: Readonly<Record<string, string>>) => ({
    address,
    message: type,
    ...(form.kind === "nothing" ? {} : { payload: payloadIn(form, given) }),
    ask,
  });
  return (
    <Order
      name="send"
      label={isAsk ? `Ask ${type}` : `Tell ${type}`}
      fields={fieldsOf(form).map(inputFor)}
      body={of(isAsk)}
      done={({ answer }) =>
        answer === undefined ? "sent" : `it answered ${laidOut((answer as { json: string }).json)}`
      }
    />
  );
}

function fieldsOf(form: Form): readonly FormField[] {
  if (form.kind === "nothing") return [];
  return form.kind === "fields" ? form.fields : [form.field];
}

function inputFor({ name, type, isOptional, choices, otherwise }: FormField): Field {
  const as = type === "json" ? ", as JSON" : "";
  return {
    name,
    label: `${name}${as}${isOptional ? " (optional)" : ""}`,
    // a text may be empty, which a form would take for missing
    isOptional: isOptional || type === "text",
    isLong: type === "json",
    isNumber: type === "number",
    choices: type === "boolean" ? ["true", "false"] : choices,
    otherwise: isOptional && type === "json" ? undefined : otherwise,
  };
}

/** @throws Error that names the field. */
function payloadIn(form: Exclude<Form, { kind: "nothing" }>, given: Readonly<Record<string, string>>): unknown {
  if (form.kind === "value") return valueIn(form.field, given["value"] ?? "");
  const filled = form.fields.filter(({ name, isOptional }) => !isOptional || (given[name] ?? "") !== "");
  return Object.fromEntries(filled.map((field) => [field.name, valueIn(field, given[field.name] ?? "")]));
}

function valueIn({ name, type }: FormField, text: string): unknown {
  switch (type) {
    case "text":
    case "choice":
      return text;
    case "number":
      return Number(text);
    case "boolean":
      return text === "true";
    case "json":
      try {
        return jsonIn(text);
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      }
  }
}
