/** The values of a form's fields, and an action's payload with them. */

/** What the fields of a form hold, by name; a name such as `todo.title` leads into an object. */
export function formValues(form: HTMLFormElement): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of form.elements) {
    const given = heldBy(field);
    if (given !== null) put(values, given.name.split("."), given.value);
  }
  return values;
}

/** What one control holds. */
export function heldBy(field: Element): { name: string; value: unknown } | null {
  if (field instanceof HTMLInputElement) {
    const { name, type, checked, value } = field;
    if (name === "" || (type === "radio" && !checked)) return null;
    return { name, value: type === "checkbox" ? checked : value };
  }
  if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)) return null;
  return field.name === "" ? null : { name: field.name, value: field.value };
}

const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (FORBIDDEN.has(name)) return;
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const next = into[name];
  const inner = typeof next === "object" && next !== null ? (next as Record<string, unknown>) : {};
  into[name] = inner;
  put(inner, rest, value);
}

/** The payload with the values of the fields on top. */
export function payloadWith(payload: unknown, values: Record<string, unknown>): unknown {
  if (Object.keys(values).length === 0) return payload;
  const given = typeof payload === "object" && payload !== null && !Array.isArray(payload) ? payload : {};
  return { ...given, ...values };
}
