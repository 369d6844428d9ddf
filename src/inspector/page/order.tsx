/** A form that has a command carried out. */

import { useId, useState } from "preact/hooks";
import { command } from "./live.ts";
import { visible } from "./words.ts";

export interface Field {
  readonly name: string;
  readonly label: string;
  /** What it has before one writes or chooses something else. */
  readonly otherwise?: string | undefined;
  readonly isLong?: boolean;
  readonly choices?: readonly string[] | undefined;
  readonly isOptional?: boolean;
  readonly isNumber?: boolean;
}

/** A form that has a command carried out, and says what came of it. */
export function Order({
  name,
  label,
  fields = [],
  body,
  done,
}: {
  readonly name: string;
  readonly label: string;
  readonly fields?: readonly Field[];
  /** @throws Error whose message is shown. */
  body(given: Readonly<Record<string, string>>): Readonly<Record<string, unknown>>;
  /** Returns what is to be said in place of "done". */
  done?(answer: Readonly<Record<string, unknown>>): string | void;
}) {
  const id = useId();
  const [state, setState] = useState<{ readonly text: string; readonly isBad: boolean } | undefined>();
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<string, string>;
    try {
      const { failure, answer } = await command(name, body(given));
      if (failure !== undefined) return setState({ text: failure.message, isBad: true });
      setState({ text: done?.(answer ?? {}) ?? "done", isBad: false });
    } catch (error) {
      setState({ text: error instanceof Error ? error.message : String(error), isBad: true });
    }
  };
  return (
    <form class="order" onSubmit={(event) => void submit(event)}>
      {fields.map((field) => (
        <label key={field.name} for={`${id}-${field.name}`}>
          {field.label}
          <FieldInput id={`${id}-${field.name}`} field={field} />
        </label>
      ))}
      <button type="submit">{label}</button>
      <output class={state?.isBad === true ? "bad" : ""}>{visible(state?.text ?? "")}</output>
    </form>
  );
}

function FieldInput({ id, field }: { readonly id: string; readonly field: Field }) {
  const { name, otherwise, isLong, choices, isOptional, isNumber } = field;
  if (choices !== undefined)
    return (
      <select id={id} name={name}>
        {isOptional === true ? <option value="">(left out)</option> : null}
        {choices.map((choice) => (
          // not the select's value, which each rendering would set again
          <option key={choice} selected={choice === otherwise}>
            {choice}
          </option>
        ))}
      </select>
    );
  if (isLong === true) return <textarea id={id} name={name} rows={3} defaultValue={otherwise} />;
  const about = { id, name, defaultValue: otherwise, required: isOptional !== true };
  return isNumber === true ? <input {...about} type="number" step="any" /> : <input {...about} />;
}

/** @throws Error that says what JSON is. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`this is no JSON: text has quotes, as in {"approved":true}`);
  }
}
