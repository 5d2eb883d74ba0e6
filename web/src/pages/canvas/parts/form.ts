/** Fields made from a schema of the catalogue; its descriptions are their hints. */

import { html, nothing, type TemplateResult } from "lit";
import { choicesOf, exampleOf, kindOf, type Schema, type Written, type WrittenForm } from "../schema.ts";
import { fieldLabels } from "../strings.ts";

export interface FieldContext {
  written: WrittenForm;
  faults: Readonly<Record<string, string>>;
  change(name: string, value: Written): void;
  /** Names that the server knows under another path: `settings.model`. */
  pathOf?(name: string): string;
  isNeeded(name: string): boolean;
}

function labelOf(name: string, schema: Schema): string {
  const known = (fieldLabels as Readonly<Record<string, string>>)[name];
  if (known !== undefined) return known;
  if (schema.title) return schema.title;
  const spaced = name.replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export function fieldTemplate(name: string, schema: Schema, form: FieldContext): TemplateResult {
  const kind = kindOf(schema);
  const id = `field-${name}`;
  const fault = form.faults[form.pathOf?.(name) ?? name];
  const hintId = `${id}-hint`;
  const faultId = `${id}-fault`;
  const described = [fault ? faultId : "", schema.description ? hintId : ""].filter(Boolean).join(" ");
  const hint = schema.description
    ? html`<p class="hint" id=${hintId} dir="auto">${schema.description}</p>`
    : nothing;
  const wrong = fault ? html`<p class="fault" id=${faultId} dir="auto">${fault}</p>` : nothing;
  const label = labelOf(name, schema);
  const control: Control = { id, name, schema, described, isWrong: fault !== undefined, form };
  if (kind === "flag")
    return html`<div class="flag">${flag(control)}<label for=${id}>${label}</label>${wrong}${hint}</div>`;
  if (kind === "choices")
    return html`<fieldset aria-describedby=${described || nothing}><legend>${label}</legend>${hint}${wrong}
      <div class="picks">${choicesOf(schema).map((each) => pick(control, each))}</div></fieldset>`;
  return html`<div class="field"><label for=${id}>${label}</label>${controlTemplate(control)}${wrong}${hint}</div>`;
}

interface Control {
  id: string;
  name: string;
  schema: Schema;
  described: string;
  isWrong: boolean;
  form: FieldContext;
}

function controlTemplate(control: Control): TemplateResult {
  switch (kindOf(control.schema)) {
    case "choice":
      return select(control);
    case "lines":
    case "pairs":
      return area(control, true);
    case "number":
      return input(control, "numeric");
    default:
      return control.schema.isLong || (control.schema.maxLength ?? 0) > 500
        ? area(control, false)
        : input(control, "text");
  }
}

function flag({ id, name, described, form }: Control): TemplateResult {
  return html`<input
    type="checkbox"
    id=${id}
    aria-describedby=${described || nothing}
    .checked=${form.written[name] === true}
    @change=${(event: Event) => form.change(name, (event.target as HTMLInputElement).checked)}
  />`;
}

function pick({ name, form }: Control, choice: string): TemplateResult {
  const chosen = (form.written[name] ?? []) as readonly string[];
  const toggle = (event: Event) => {
    const isOn = (event.target as HTMLInputElement).checked;
    form.change(name, isOn ? [...chosen, choice] : chosen.filter((each) => each !== choice));
  };
  return html`<label class="pick"
    ><input type="checkbox" .checked=${chosen.includes(choice)} @change=${toggle} /><span>${choice}</span></label
  >`;
}

function select({ id, name, schema, described, isWrong, form }: Control): TemplateResult {
  const chosen = String(form.written[name] ?? "");
  return html`<select
    id=${id}
    aria-describedby=${described || nothing}
    aria-invalid=${isWrong}
    @change=${(event: Event) => form.change(name, (event.target as HTMLSelectElement).value)}
  >
    ${form.isNeeded(name) ? nothing : html`<option value="" ?selected=${chosen === ""}>–</option>`}
    ${choicesOf(schema).map((each) => html`<option value=${each} ?selected=${each === chosen}>${each}</option>`)}
  </select>`;
}

function area({ id, name, schema, described, isWrong, form }: Control, isList: boolean): TemplateResult {
  return html`<textarea
    id=${id}
    rows=${schema.isLong ? 1 : 3}
    placeholder=${exampleOf(schema) || nothing}
    class=${isList ? "mono" : ""}
    dir="auto"
    aria-describedby=${described || nothing}
    aria-invalid=${isWrong}
    maxlength=${schema.maxLength ?? nothing}
    .value=${String(form.written[name] ?? "")}
    @input=${(event: Event) => form.change(name, (event.target as HTMLTextAreaElement).value)}
  ></textarea>`;
}

function input({ id, name, schema, described, isWrong, form }: Control, mode: string): TemplateResult {
  return html`<input
    id=${id}
    type="text"
    dir="auto"
    inputmode=${mode}
    autocomplete="off"
    spellcheck=${schema.pattern ? "false" : nothing}
    autocapitalize=${schema.pattern ? "off" : nothing}
    placeholder=${exampleOf(schema) || nothing}
    aria-describedby=${described || nothing}
    aria-invalid=${isWrong}
    aria-required=${form.isNeeded(name)}
    maxlength=${schema.maxLength ?? nothing}
    .value=${String(form.written[name] ?? "")}
    @input=${(event: Event) => form.change(name, (event.target as HTMLInputElement).value)}
  />`;
}
