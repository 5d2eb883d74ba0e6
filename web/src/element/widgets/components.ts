/** Draws the components of a widget: a type, a template. */

import { html, nothing, type TemplateResult } from "lit";
import { renderMarkdown } from "../markdown/render.ts";
import { imageAddress, imageOrLink } from "../parts/images.ts";
import { type Styles, styled } from "../parts/styled.ts";
import "../parts/icon.ts";
import { folded, inItem, inRow } from "../parts/folded.ts";
import type { WidgetTree } from "../protocol/wire.ts";
import { reportOnce } from "../report.ts";
import { DEEPEST, isTree } from "../state/widget-tree.ts";
import { strings } from "../strings.ts";
import { laterStrings } from "../strings-later.ts";
import { chartTemplate, type Unfolding } from "./chart.ts";
import { reportUnknownFields } from "./fields.ts";
import type { ActionConfig, WidgetHost } from "./host.ts";
import {
  blockStyles,
  borders,
  boxStyles,
  color,
  flexStyles,
  length,
  oneOf,
  space,
  spaces,
  text,
  textStyles,
  trees,
} from "./values.ts";

/** What components need of the widget that they are in. */
export interface Drawing extends Unfolding {
  host: WidgetHost;
  depth: number;
  /** Whether this component's action runs. */
  isBusy(tree: WidgetTree): boolean;
  /** Runs the action of a component, with the values of the form around it. */
  act(tree: WidgetTree, config: unknown, from: Element, loading: "self" | "container" | "none"): void;
  /** Whether a label of the widget names the field. */
  isLabelled(name: string): boolean;
}

type Drawn = TemplateResult | typeof nothing;
type Component = (tree: WidgetTree, drawing: Drawing) => Drawn;

const SIZES: readonly string[] = ["3xs", "2xs", "xs", "sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "5xl"];

export function componentTemplate(tree: WidgetTree, drawing: Drawing): Drawn {
  const type = text(tree.type);
  const component = Object.hasOwn(COMPONENTS, type) ? COMPONENTS[type] : undefined;
  if (component === undefined || drawing.depth > DEEPEST) {
    reportOnce(`The widget component ${type.slice(0, 60) || "without a type"} cannot be shown.`);
    return html`<span class="unknown">${strings.cannotBeShown}</span>`;
  }
  reportUnknownFields(tree);
  try {
    return component(tree, { ...drawing, depth: drawing.depth + 1 });
  } catch (error) {
    reportOnce(`The widget component ${type} could not be drawn: ${error}`);
    return html`<span class="unknown">${strings.cannotBeShown}</span>`;
  }
}

function children(tree: WidgetTree, drawing: Drawing): Drawn[] {
  return trees(tree.children).map((child) => componentTemplate(child, drawing));
}

/** A size of ChatKit's, for the styles. */
function sizeOf(tree: WidgetTree, fallback: string): string {
  return typeof tree.size === "string" && SIZES.includes(tree.size) ? tree.size : fallback;
}

/** An action as it came, if it is one. */
export function actionOf(value: unknown): ActionConfig | null {
  return isTree(value) && typeof value.type === "string" ? (value as unknown as ActionConfig) : null;
}

function box(direction: "row" | "column"): Component {
  return (tree, drawing) =>
    html`<div class="box" ${styled(boxStyles(tree, directionOf(tree, direction)))}>${children(tree, drawing)}</div>`;
}

function directionOf({ direction }: WidgetTree, fallback: "row" | "column"): "row" | "column" {
  if (direction === "row") return "row";
  return direction === "col" ? "column" : fallback;
}

function textComponent(kind: "title" | "caption"): Component {
  return (tree) =>
    html`<p class=${kind} data-size=${sizeOf(tree, "md")} ?data-truncate=${tree.truncate === true} ?data-lines=${tree.maxLines !== undefined} dir="auto" ${styled(textStyles(tree))}>${text(tree.value)}</p>`;
}

const textTemplate: Component = (tree) => {
  const { editable } = tree;
  if (isTree(editable)) return editableTemplate(tree, editable);
  return html`<p class="text" data-size=${sizeOf(tree, "md")} ?data-truncate=${tree.truncate === true} ?data-lines=${tree.maxLines !== undefined} ?data-streaming=${tree.streaming === true} dir="auto" ${styled(textStyles(tree))}>${text(tree.value)}</p>`;
};

function editableTemplate(tree: WidgetTree, field: WidgetTree): TemplateResult {
  const lines = typeof tree.minLines === "number" ? Math.min(20, Math.max(1, tree.minLines)) : 1;
  const name = text(field.name);
  const shared = { placeholder: text(field.placeholder), name };
  if (lines > 1)
    return html`<textarea class="editable" data-size=${sizeOf(tree, "md")} rows=${lines} dir="auto" name=${name} aria-label=${shared.placeholder || name} placeholder=${shared.placeholder} ?required=${field.required === true} ?autofocus=${field.autoFocus === true} ${styled(textStyles({ ...tree, minLines: undefined }))} .defaultValue=${text(tree.value)} @focus=${selector(field)}></textarea>`;
  return html`<input class="editable" data-size=${sizeOf(tree, "md")} dir="auto" name=${name} aria-label=${shared.placeholder || name} placeholder=${shared.placeholder} ?required=${field.required === true} ?autofocus=${field.autoFocus === true} pattern=${text(field.pattern) || nothing} autocomplete=${text(field.autoComplete) || nothing} ${styled(textStyles(tree))} .defaultValue=${text(tree.value)} @focus=${selector(field)} />`;
}

function selector(field: WidgetTree): ((focus: FocusEvent) => void) | typeof nothing {
  if (field.autoSelect !== true) return nothing;
  return (focus) => (focus.target as HTMLInputElement).select();
}

const markdownTemplate: Component = (tree) => {
  const body = renderMarkdown(text(tree.value), { streaming: tree.streaming === true, headingLevel: 3 });
  return html`<div class="prose">${body}</div>`;
};

const badgeTemplate: Component = (tree) =>
  html`<span
    class="badge"
    dir="auto"
    data-variant=${oneOf(tree.variant, ["soft", "solid", "outline"])}
    data-size=${sizeOf(tree, "md")}
    ?data-square=${tree.pill === false}
    ${styled({ "--tone": color(tree.color ?? "secondary") })}
    >${text(tree.label)}</span
  >`;

const iconTemplate: Component = (tree) =>
  html`<orcheo-icon name=${text(tree.name)} data-size=${sizeOf(tree, "md")} ${styled({ color: color(tree.color) })}></orcheo-icon>`;

const imageTemplate: Component = (tree, { host }) => {
  const styles: Styles = {
    ...blockStyles(tree),
    "object-fit":
      tree.fit === undefined
        ? undefined
        : oneOf(tree.fit, ["cover", "contain", "fill", "scale-down", "none"]),
    "object-position": length(tree.position),
    background: color(tree.background),
  };
  const image = imageOrLink(text(tree.src), text(tree.alt), host);
  return html`<span class="picture" ?data-frame=${tree.frame === true} ?data-flush=${tree.flush === true} ${styled(styles)}>${image}</span>`;
};

const buttonTemplate: Component = (tree, drawing) => {
  const icon = (name: unknown) =>
    name === undefined
      ? nothing
      : html`<orcheo-icon name=${text(name)} data-size=${oneOf(tree.iconSize, ["md", "sm", "lg", "xl", "2xl"])}></orcheo-icon>`;
  const isPrimary = tree.style === "primary" || (tree.style === undefined && tree.submit === true);
  const label = text(tree.label);
  return html`<button
    type=${tree.submit === true ? "submit" : "button"}
    class="button"
    data-variant=${oneOf(tree.variant, [isPrimary ? "solid" : "outline", "solid", "soft", "outline", "ghost"])}
    data-size=${sizeOf(tree, "lg")}
    ?data-block=${tree.block === true}
    ?data-square=${tree.pill === false}
    ?data-uniform=${tree.uniform === true}
    aria-label=${label === "" ? text(tree.iconStart ?? tree.iconEnd).replaceAll("-", " ") || nothing : nothing}
    ?disabled=${tree.disabled === true || drawing.isBusy(tree)}
    ${styled(toneOf(tree.color ?? (isPrimary ? "accent" : "default")))}
    @click=${(click: Event) => tree.submit !== true && drawing.act(tree, tree.onClickAction, click.currentTarget as Element, "self")}
  >
    ${drawing.isBusy(tree) ? html`<i class="spinner"></i>` : icon(tree.iconStart)}<span dir="auto">${label}</span>${icon(tree.iconEnd)}
  </button>`;
};

/** A colour for a control, and one for the words on it. */
function toneOf(given: unknown): Styles {
  return { "--tone": color(given), "--on-tone": given === "accent" ? "var(--on-accent)" : undefined };
}

const inputTemplate: Component = (tree, drawing) =>
  html`<input
    class="field"
    id=${fieldId(tree.name)}
    type=${oneOf(tree.inputType, ["text", "number", "email", "password", "tel", "url"])}
    name=${text(tree.name)}
    dir="auto"
    .defaultValue=${text(tree.defaultValue)}
    placeholder=${text(tree.placeholder)}
    aria-label=${ownLabel(tree, drawing)}
    pattern=${text(tree.pattern) || nothing}
    autocomplete=${tree.allowAutofillExtensions === true ? nothing : "off"}
    data-variant=${oneOf(tree.variant, ["outline", "soft"])}
    data-size=${sizeOf(tree, "md")}
    ?data-pill=${tree.pill === true}
    ?required=${tree.required === true}
    ?disabled=${tree.disabled === true}
    ?autofocus=${tree.autoFocus === true}
    @focus=${selector(tree)}
  />`;

const textareaTemplate: Component = (tree, drawing) =>
  html`<textarea
    class="field"
    id=${fieldId(tree.name)}
    name=${text(tree.name)}
    dir="auto"
    rows=${typeof tree.rows === "number" ? Math.min(40, Math.max(1, tree.rows)) : 3}
    .defaultValue=${text(tree.defaultValue)}
    placeholder=${text(tree.placeholder)}
    aria-label=${ownLabel(tree, drawing)}
    data-variant=${oneOf(tree.variant, ["outline", "soft"])}
    data-size=${sizeOf(tree, "md")}
    ?data-grows=${tree.autoResize === true}
    ?required=${tree.required === true}
    ?disabled=${tree.disabled === true}
    ?autofocus=${tree.autoFocus === true}
    ${styled({ "max-height": typeof tree.maxRows === "number" ? `${Math.min(80, tree.maxRows)}lh` : undefined })}
    @focus=${selector(tree)}
  ></textarea>`;

const selectTemplate: Component = (tree, drawing) => {
  const chosen = text(tree.defaultValue);
  const isOpen = tree.clearable === true || chosen === "";
  return html`<select
    class="field"
    id=${fieldId(tree.name)}
    name=${text(tree.name)}
    aria-label=${ownLabel(tree, drawing)}
    data-variant=${oneOf(tree.variant, ["outline", "soft", "solid", "ghost"])}
    data-size=${sizeOf(tree, "md")}
    ?data-block=${tree.block === true}
    ?data-pill=${tree.pill === true}
    ?disabled=${tree.disabled === true || drawing.isBusy(tree)}
    @change=${(change: Event) => drawing.act(tree, tree.onChangeAction, change.currentTarget as Element, "none")}
  >
    ${isOpen ? html`<option value="" ?selected=${chosen === ""}>${text(tree.placeholder) || laterStrings.noChoice}</option>` : nothing}
    ${trees(tree.options).map(
      ({ value, label, disabled }) =>
        html`<option value=${text(value)} ?selected=${text(value) === chosen} ?disabled=${disabled === true}>${text(label)}</option>`,
    )}
  </select>`;
};

const datePickerTemplate: Component = (tree, drawing) =>
  html`<input
    class="field"
    type="date"
    id=${fieldId(tree.name)}
    name=${text(tree.name)}
    .defaultValue=${dayOf(tree.defaultValue)}
    min=${dayOf(tree.min) || nothing}
    max=${dayOf(tree.max) || nothing}
    aria-label=${ownLabel(tree, drawing)}
    data-variant=${oneOf(tree.variant, ["outline", "soft", "solid", "ghost"])}
    data-size=${sizeOf(tree, "md")}
    ?data-block=${tree.block === true}
    ?data-pill=${tree.pill === true}
    ?disabled=${tree.disabled === true || drawing.isBusy(tree)}
    @change=${(change: Event) => drawing.act(tree, tree.onChangeAction, change.currentTarget as Element, "none")}
  />`;

/** The day of an ISO date and time. */
function dayOf(value: unknown): string {
  return /^\d{4}-\d\d-\d\d/.exec(text(value))?.[0] ?? "";
}

const checkboxTemplate: Component = (tree, drawing) =>
  html`<label class="check">
    <input
      type="checkbox"
      id=${fieldId(tree.name)}
      name=${text(tree.name)}
      ?checked=${tree.defaultChecked === true}
      ?required=${tree.required === true}
      ?disabled=${tree.disabled === true || drawing.isBusy(tree)}
      aria-label=${text(tree.label) === "" ? text(tree.name) : nothing}
      @change=${(change: Event) => drawing.act(tree, tree.onChangeAction, change.currentTarget as Element, "none")}
    /><span dir="auto">${text(tree.label)}</span>
  </label>`;

const radioGroupTemplate: Component = (tree, drawing) =>
  html`<div class="radios" role="radiogroup" aria-label=${text(tree.ariaLabel) || text(tree.name)} ${styled({ "flex-direction": directionOf(tree, "row") })}>
    ${trees(tree.options).map(
      ({ value, label, disabled }) =>
        html`<label class="check">
          <input
            type="radio"
            name=${text(tree.name)}
            value=${text(value)}
            ?checked=${text(value) === text(tree.defaultValue) && tree.defaultValue !== undefined}
            ?required=${tree.required === true}
            ?disabled=${tree.disabled === true || disabled === true || drawing.isBusy(tree)}
            @change=${(change: Event) => drawing.act(tree, tree.onChangeAction, change.currentTarget as Element, "none")}
          /><span dir="auto">${text(label)}</span>
        </label>`,
    )}
  </div>`;

const labelTemplate: Component = (tree) =>
  html`<label class="text" for=${fieldId(tree.fieldName)} data-size=${sizeOf(tree, "sm")} dir="auto" ${styled(textStyles(tree))}>${text(tree.value)}</label>`;

/** What a field is called where no label names it. */
function ownLabel(tree: WidgetTree, drawing: Drawing): string | typeof nothing {
  const name = text(tree.name);
  return drawing.isLabelled(name) ? nothing : text(tree.placeholder) || name;
}

/** Names of the fields that have a label of their own. */
export function labelledFields(tree: WidgetTree, depth = 0): string[] {
  if (depth > DEEPEST) return [];
  const own = tree.type === "Label" ? [text(tree.fieldName)] : [];
  return [...own, ...trees(tree.children).flatMap((child) => labelledFields(child, depth + 1))];
}

function fieldId(name: unknown): string {
  return `field-${text(name)}`;
}

const formTemplate: Component = (tree, drawing) => {
  const submitted = (submit: SubmitEvent) => {
    submit.preventDefault();
    submit.stopPropagation();
    drawing.act(tree, tree.onSubmitAction, submit.currentTarget as Element, "container");
  };
  return html`<form class="box" @submit=${submitted} ${styled(boxStyles(tree, directionOf(tree, "column")))}>${children(tree, drawing)}</form>`;
};

const spacerTemplate: Component = (tree) =>
  html`<span class="spacer" ${styled({ "min-width": space(tree.minSize), "min-height": space(tree.minSize) })}></span>`;

const dividerTemplate: Component = (tree) => {
  const shown = tree.color === undefined || tree.color === "default" ? undefined : color(tree.color);
  const styles = {
    "border-top-width": length(tree.size),
    "border-top-color": shown,
    "margin-block": space(tree.spacing),
  };
  return html`<hr ?data-flush=${tree.flush === true} ${styled(styles)} />`;
};

const transitionTemplate: Component = (tree, drawing) =>
  html`<div class="transition">${children(tree, drawing)}</div>`;

const tableTemplate: Component = (tree, drawing) =>
  html`<div class="table" tabindex="0" role="group"><table>${folded(trees(tree.children), (row) => rowTemplate(row, drawing), inRow)}</table></div>`;

function rowTemplate(row: WidgetTree, drawing: Drawing): TemplateResult {
  reportUnknownFields(row);
  return html`<tr>${trees(row.children).map((cell) => cellTemplate(cell, row.header === true, drawing))}</tr>`;
}

function cellTemplate(cell: WidgetTree, isHeader: boolean, drawing: Drawing): TemplateResult {
  reportUnknownFields(cell);
  const styles: Styles = {
    width: length(cell.width),
    ...spaces(cell.padding, "padding"),
    "text-align": cell.align === undefined ? undefined : oneOf(cell.align, ["start", "center", "end"]),
    "vertical-align":
      cell.vAlign === undefined
        ? undefined
        : { start: "top", center: "middle", end: "bottom" }[oneOf(cell.vAlign, ["start", "center", "end"])],
  };
  const span = (value: unknown) => (typeof value === "number" && value > 1 ? Math.min(50, value) : nothing);
  const body = children(cell, { ...drawing, depth: drawing.depth + 2 });
  return isHeader
    ? html`<th scope="col" colspan=${span(cell.colSpan)} rowspan=${span(cell.rowSpan)} ${styled(styles)}>${body}</th>`
    : html`<td colspan=${span(cell.colSpan)} rowspan=${span(cell.rowSpan)} ${styled(styles)}>${body}</td>`;
}

const listItemTemplate: Component = (tree, drawing) => {
  const action = actionOf(tree.onClickAction);
  const press = (click: Event) => drawing.act(tree, action, click.currentTarget as Element, "self");
  // A button over the whole row instead of around it: what is in the row may be used by itself.
  const cover =
    action === null
      ? nothing
      : html`<button type="button" class="cover" aria-label=${spoken(tree) || action.type} ?disabled=${drawing.isBusy(tree)} @click=${press}></button>`;
  return html`<li class="item" aria-busy=${drawing.isBusy(tree)}>
    ${cover}<div class="box" ${styled({ "flex-direction": "row", "align-items": "center", ...given(flexStyles(tree)) })}>${children(tree, drawing)}</div>
  </li>`;
};

function given(styles: Styles): Styles {
  return Object.fromEntries(Object.entries(styles).filter(([, value]) => value !== undefined));
}

/** The words of a component and those in it, to call a button by. */
function spoken(tree: WidgetTree, depth = 0): string {
  if (depth > DEEPEST) return "";
  const own = text(tree.value) || text(tree.label) || text(tree.alt);
  return [own, ...trees(tree.children).map((child) => spoken(child, depth + 1))].filter(Boolean).join(", ");
}

const listTemplate: Component = (tree, drawing) => {
  const all = trees(tree.children);
  const limit =
    typeof tree.limit === "number" ? Math.max(1, tree.limit) : tree.limit === "auto" ? 5 : all.length;
  const isFolded = all.length > limit && !drawing.isUnfolded(tree);
  const shown = isFolded ? all.slice(0, limit) : all;
  return html`<div class="card list" ${styled(schemeOf(tree))}>
    ${statusTemplate(tree.status, drawing)}
    <ul>${folded(shown, (child) => componentTemplate(child, drawing), inItem)}</ul>
    ${isFolded ? html`<button type="button" class="plain" @click=${() => drawing.unfold(tree)}>${laterStrings.showMore}</button>` : nothing}
  </div>`;
};

const cardTemplate: Component = (tree, drawing) => {
  const styles: Styles = {
    ...schemeOf(tree),
    ...spaces(tree.padding, "padding"),
    ...borders(tree.border),
    background: color(tree.background),
  };
  const status = statusTemplate(tree.status, drawing);
  const inside = html`<div class="box">${children(tree, drawing)}</div>${cardButtons(tree, drawing)}`;
  const body =
    tree.collapsed === true
      ? html`<details><summary>${status === nothing ? laterStrings.showMore : status}</summary>${inside}</details>`
      : html`${status}${inside}`;
  const size = oneOf(tree.size, ["md", "sm", "lg", "full"]);
  if (tree.asForm !== true) return html`<div class="card" data-size=${size} ${styled(styles)}>${body}</div>`;
  const submitted = (submit: SubmitEvent) => {
    submit.preventDefault();
    const action = isTree(tree.confirm) ? tree.confirm.action : undefined;
    drawing.act(tree, action, submit.currentTarget as Element, "container");
  };
  return html`<form class="card" data-size=${size} ${styled(styles)} @submit=${submitted}>${body}</form>`;
};

function cardButtons(tree: WidgetTree, drawing: Drawing): Drawn {
  const { confirm, cancel } = tree;
  if (!isTree(confirm) && !isTree(cancel)) return nothing;
  const button = (given: unknown, variant: string, isSubmit: boolean) => {
    if (!isTree(given)) return nothing;
    const press = (click: Event) =>
      isSubmit || drawing.act(tree, given.action, click.currentTarget as Element, "container");
    const tone = toneOf(variant === "solid" ? "accent" : "default");
    return html`<button type=${isSubmit ? "submit" : "button"} class="button" data-variant=${variant} data-size="lg" ?disabled=${drawing.isBusy(tree)} ${styled(tone)} @click=${press}><span dir="auto">${text(given.label)}</span></button>`;
  };
  return html`<div class="ends">${button(cancel, "outline", false)}${button(confirm, "solid", tree.asForm === true)}</div>`;
}

function statusTemplate(status: unknown, { host }: Drawing): Drawn {
  if (!isTree(status)) return nothing;
  const favicon = status.favicon === undefined ? null : imageAddress(text(status.favicon), host);
  const icon =
    favicon !== null
      ? html`<img src=${favicon} alt="" ?data-frame=${status.frame === true} />`
      : status.icon === undefined
        ? nothing
        : html`<orcheo-icon name=${text(status.icon)}></orcheo-icon>`;
  return html`<span class="status-line">${icon}<span dir="auto">${text(status.text)}</span></span>`;
}

const basicTemplate: Component = (tree, drawing) =>
  html`<div class="basic" ${styled({ ...boxStyles(tree, directionOf(tree, "column")), ...schemeOf(tree) })}>${children(tree, drawing)}</div>`;

function schemeOf({ theme }: WidgetTree): Styles {
  const scheme = theme === "light" || theme === "dark" ? theme : undefined;
  return { "color-scheme": scheme, color: scheme === undefined ? undefined : "var(--ink)" };
}

const COMPONENTS: Readonly<Record<string, Component>> = {
  Card: cardTemplate,
  ListView: listTemplate,
  ListViewItem: listItemTemplate,
  Basic: basicTemplate,
  Box: box("column"),
  Row: box("row"),
  Col: box("column"),
  Form: formTemplate,
  Spacer: spacerTemplate,
  Divider: dividerTemplate,
  Transition: transitionTemplate,
  Title: textComponent("title"),
  Caption: textComponent("caption"),
  Text: textTemplate,
  Markdown: markdownTemplate,
  Badge: badgeTemplate,
  Icon: iconTemplate,
  Image: imageTemplate,
  Button: buttonTemplate,
  Table: tableTemplate,
  "Table.Row": rowTemplateAlone,
  Input: inputTemplate,
  Textarea: textareaTemplate,
  Select: selectTemplate,
  DatePicker: datePickerTemplate,
  Checkbox: checkboxTemplate,
  RadioGroup: radioGroupTemplate,
  Label: labelTemplate,
  Chart: chartTemplate,
};

/** A row outside of a table is a table of one row. */
function rowTemplateAlone(tree: WidgetTree, drawing: Drawing): Drawn {
  return tableTemplate({ type: "Table", children: [tree] }, drawing);
}
