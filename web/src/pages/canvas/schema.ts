/** The JSON schemas of the catalogue, as far as forms are made of them. */

export interface Schema {
  type?: string | readonly string[];
  title?: string;
  description?: string;
  enum?: readonly unknown[];
  default?: unknown;
  examples?: readonly string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: Schema;
  /** Of a text: whether it may have several lines; its field grows with it. */
  isLong?: boolean;
  additionalProperties?: boolean | Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
}

/** How a field is shown. What is written is text until it is sent. */
export type Kind = "text" | "choice" | "flag" | "number" | "choices" | "lines" | "pairs";

export type Written = string | boolean | readonly string[];
export type WrittenForm = Readonly<Record<string, Written>>;

export function kindOf(schema: Schema): Kind {
  const type = typeOf(schema);
  if (type === "boolean") return "flag";
  if (type === "integer" || type === "number") return "number";
  if (type === "object") return "pairs";
  if (type === "array") return schema.items?.enum ? "choices" : "lines";
  return schema.enum ? "choice" : "text";
}

function typeOf({ type }: Schema): string {
  return (typeof type === "string" ? type : type?.find((each) => each !== "null")) ?? "string";
}

/** What was written that was not there at the start. */
export function writtenOver(start: WrittenForm, written: WrittenForm): WrittenForm {
  const isOther = ([name, value]: [string, Written]) => String(value) !== String(start[name] ?? "");
  return Object.fromEntries(Object.entries(written).filter(isOther));
}

export function choicesOf(schema: Schema): readonly string[] {
  return (schema.items?.enum ?? schema.enum ?? []).filter((each) => typeof each === "string");
}

/** What stands in a field before anything is written. */
export function startOf(schema: Schema, value: unknown = schema.default): Written {
  switch (kindOf(schema)) {
    case "flag":
      return value === true;
    case "choices":
      return Array.isArray(value) ? value.map(String) : [];
    case "lines":
      return Array.isArray(value) ? value.map(String).join("\n") : "";
    case "pairs":
      return Object.entries((value ?? {}) as Record<string, unknown>)
        .map(([name, text]) => `${name} = ${String(text)}`)
        .join("\n");
    default:
      return value == null ? "" : String(value);
  }
}

/** What is sent of a field; undefined where nothing was written, so that the server's own default counts. */
export function sentOf(schema: Schema, written: Written | undefined): unknown {
  if (written === undefined || written === "") return undefined;
  switch (kindOf(schema)) {
    case "number":
      return Number.isFinite(Number(written)) ? Number(written) : written;
    case "lines":
      return linesOf(String(written));
    case "pairs":
      return pairsOf(String(written));
    case "choices":
      return (written as readonly string[]).length > 0 ? written : undefined;
    default:
      return written;
  }
}

export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** `name = value`, one in a line; a name alone has an empty value. */
export function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

/** The arguments that a form holds, without what was left empty. */
export function argumentsOf(schema: Schema, written: WrittenForm): Record<string, unknown> {
  const given = Object.entries(schema.properties ?? {}).map(
    ([name, each]) => [name, sentOf(each, written[name])] as const,
  );
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** What is missing or cannot be right, by field; the server has the last word. */
export function faultsOf(
  schema: Schema,
  written: WrittenForm,
  words: { needed: string; between: (minimum: number, maximum: number) => string },
): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    const value = sentOf(each, written[name]);
    if (value === undefined) {
      if (schema.required?.includes(name)) faults[name] = words.needed;
    } else if (kindOf(each) === "number" && !isWithin(each, value))
      faults[name] = words.between(each.minimum ?? 0, each.maximum ?? Number.MAX_SAFE_INTEGER);
  }
  return faults;
}

function isWithin({ type, minimum, maximum }: Schema, value: unknown): boolean {
  if (typeof value !== "number") return false;
  if (type === "integer" && !Number.isInteger(value)) return false;
  return value >= (minimum ?? Number.NEGATIVE_INFINITY) && value <= (maximum ?? Number.POSITIVE_INFINITY);
}

/** A text that shows what may be written into an empty field; empty where nothing can be shown. */
export function exampleOf({ examples, default: start }: Schema): string {
  return examples?.[0] ?? (typeof start === "string" || typeof start === "number" ? String(start) : "");
}
