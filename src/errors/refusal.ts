/** The error by which an agent says no: an outcome of the business, and no failure of the agent. */

const brand: unique symbol = Symbol.for("troupe.refusal");

/**
 * What a {@link Refusal} carries besides its code and message.
 *
 * @since 0.1.0
 */
export interface RefusalOptions {
  /** What its receiver is to know, as JSON can carry it. Default: nothing. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * What an agent throws when it works and says no: the card is declined, the stock is sold. Its step fails, and what the run has
 * done before is compensated. A refusal is an answer, so asking again would not change it: the call is not tried again, the
 * breaker counts it as a success, and the step's fallback does not stand in.
 *
 * Guarantees: `code`, `message`, `details`, `stack` and `cause` survive the transfer to another thread, and are in the run's
 * history. Use {@link refusalOf} rather than `instanceof`: the run's error has the refusal among its causes.
 *
 * @example
 * const { status, reason } = await charge(input.card, input.cents, context.idempotencyKey);
 * if (status === "declined") throw new Refusal("card-declined", `the bank declined: ${reason}`, { details: { reason } });
 * @since 0.1.0
 */
export class Refusal extends Error {
  /** Which refusal it is, for code to tell by: `"card-declined"`. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string = code, { details = {}, ...rest }: RefusalOptions = {}) {
    super(message, "cause" in rest ? { cause: rest.cause } : undefined);
    this.code = code;
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }

  override get name(): string {
    return "Refusal";
  }
}

/** True for a {@link Refusal} itself, whichever thread or copy of the package made it. */
export function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== "object" || value === null) return false;
  try {
    return brand in value;
  } catch {
    return false; // a proxy that throws when it is asked is none
  }
}
