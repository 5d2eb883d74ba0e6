/** The fields that each component has: npm `@openai/chatkit`, and `chatkit.widgets` of PyPI for Chart. */

import type { WidgetTree } from "../protocol/wire.ts";
import { reportOnce } from "../report.ts";

const BLOCK =
  "height width size minHeight minWidth minSize maxHeight maxWidth maxSize aspectRatio radius margin flex";
const BOX = `children align justify wrap gap padding border background ${BLOCK}`;
const TEXT = "value color weight textAlign truncate maxLines";
const CONTROL = "name placeholder variant size pill block clearable disabled onChangeAction defaultValue";
const FIELD =
  "name defaultValue required pattern placeholder allowAutofillExtensions autoSelect autoFocus disabled variant size gutterSize";

const FIELDS: Readonly<Record<string, string>> = {
  Card: "asForm children background border size padding status collapsed confirm cancel theme",
  ListView: "children limit status theme",
  ListViewItem: "children onClickAction gap align",
  Basic: `direction theme ${BOX}`,
  Box: `direction ${BOX}`,
  Row: BOX,
  Col: BOX,
  Form: `direction onSubmitAction ${BOX}`,
  Spacer: "minSize",
  Divider: "color size spacing flush",
  Transition: "children",
  Title: `size ${TEXT}`,
  Caption: `size ${TEXT}`,
  Text: `streaming italic lineThrough width size minLines editable ${TEXT}`,
  Markdown: "value streaming",
  Badge: "label color variant size pill",
  Icon: "name color size",
  Image: `src alt frame fit position flush background ${BLOCK}`,
  Button:
    "submit label onClickAction iconStart iconEnd style iconSize color variant size pill uniform block disabled",
  Table: "children",
  "Table.Row": "children header",
  "Table.Cell": "children width padding colSpan rowSpan align vAlign colSize",
  Input: `inputType pill ${FIELD}`,
  Textarea: `rows autoResize maxRows ${FIELD}`,
  Select: `options searchable ${CONTROL}`,
  DatePicker: `min max side align ${CONTROL}`,
  Checkbox: "name label defaultChecked onChangeAction disabled required",
  RadioGroup: "name options ariaLabel onChangeAction defaultValue direction disabled required",
  Label: "value fieldName size weight textAlign color",
  Chart: `data series xAxis showYAxis showLegend showTooltip barGap barCategoryGap ${BLOCK}`,
};
const COMMON = new Set(["type", "key", "id"]);

/** Tells developers of fields that nothing is made of. */
export function reportUnknownFields(tree: WidgetTree): void {
  const type = String(tree.type);
  const known = FIELDS[type]?.split(" ") ?? [];
  for (const name of Object.keys(tree))
    if (!COMMON.has(name) && !known.includes(name))
      reportOnce(`The widget component ${type} has no field ${name.slice(0, 60)}; it is passed over.`);
}
