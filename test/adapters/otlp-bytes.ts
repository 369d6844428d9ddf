/** Reads the ids of the spans in a request of OTLP: protobuf by its wire format, and the numbers of the fields of `ExportTraceServiceRequest`. */

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The fields of a message that have a length; the others are passed over. */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag & 7;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else {
      const length = varint();
      yield { number: Math.floor(tag / 8), bytes: message.subarray(at, (at += length)) };
    }
  }
}

function* within(message: Buffer, [first, ...rest]: readonly number[]): Generator<Buffer> {
  for (const { number, bytes } of fieldsOf(message)) {
    if (number !== first) continue;
    if (rest.length === 0) yield bytes;
    else yield* within(bytes, rest);
  }
}

const spans = [1, 2, 2]; // resource_spans, scope_spans, spans
const spanId = 2;
const parentSpanId = 4;
const spanName = 5;

export function idsIn(request: Buffer): readonly string[] {
  return [...within(request, [...spans, spanId])].map((bytes) => bytes.toString("hex"));
}

export interface SpanOnWire {
  readonly id: string;
  readonly name: string;
  /** Absent for a root. */
  readonly parent: string | undefined;
}

export function spansIn(request: Buffer): readonly SpanOnWire[] {
  return [...within(request, spans)].map((span) => {
    const [id, parent, name] = [spanId, parentSpanId, spanName].map((field) => [...within(span, [field])][0]);
    return {
      id: id?.toString("hex") ?? "",
      name: name?.toString("utf8") ?? "",
      parent: parent === undefined || parent.length === 0 ? undefined : parent.toString("hex"),
    };
  });
}
