/** What is found out while a migration of a run is judged: why it is refused, and what of its data has to be changed. */

import { isDeepStrictEqual } from "node:util";
import type * as v from "valibot";
import { checkContract, type ContractSite } from "../../contracts/contract.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import { messageOf } from "../../errors/caught.ts";
import type { MigratedValue } from "../history/definition-changed.ts";

/** The schema that something recorded has to satisfy from now on, and hashes of it and of the one that has parsed it. */
export interface NewContract {
  readonly schema: v.GenericSchema;
  readonly before: string | undefined;
  readonly now: string | undefined;
  readonly site: ContractSite;
}

export class Findings {
  readonly codec: PayloadCodec;
  /** By what they say whatever the item or the round is: of thousands, one tells enough. */
  readonly #reasons = new Map<string, { readonly first: string; readonly count: number }>();
  readonly #values = new Map<string, MigratedValue>();
  /** What the run's input becomes, if it changes. */
  input: { readonly value: Payload } | undefined;

  constructor(codec: PayloadCodec) {
    this.codec = codec;
  }

  /** Sentences without their full stops. */
  get reasons(): readonly string[] {
    return [...this.#reasons.values()].map(({ first, count }) =>
      count === 1 ? first : `${first} (and so for ${count - 1} more items or rounds)`,
    );
  }

  get values(): readonly MigratedValue[] {
    return [...this.#values.values()];
  }

  refuse(reason: string): void {
    const kind = reason.replaceAll(/#\d+|\[\d+\]/g, "#");
    const { first, count } = this.#reasons.get(kind) ?? { first: reason, count: 0 };
    this.#reasons.set(kind, { first, count: count + 1 });
  }

  change(value: MigratedValue): void {
    this.#values.set(value.step, { ...this.#values.get(value.step), ...value });
  }

  /**
   * Has the new contract take what the old one has parsed: what the schema makes of it goes to `changed` if that is something else. Under the same
   * contract nothing is to be done.
   */
  carry(
    what: string,
    payload: Payload,
    { schema, before, now, site }: NewContract,
    changed: (value: Payload) => void,
  ): void {
    if (before !== undefined && before === now) return;
    try {
      const value = this.codec.encode(checkContract(schema, this.codec.decode(payload), site), what);
      if (!isDeepStrictEqual(value, payload)) changed(value);
    } catch (error) {
      this.refuse(`${what} does not satisfy the new contract: ${messageOf(error)}`);
    }
  }

  /** Has the new contract look at what is checked again where it is used. */
  check(what: string, payload: Payload, schema: v.GenericSchema, site: ContractSite): void {
    try {
      checkContract(schema, this.codec.decode(payload), site);
    } catch (error) {
      this.refuse(`${what} does not satisfy the new contract: ${messageOf(error)}`);
    }
  }
}
