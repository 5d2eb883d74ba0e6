/** Every place of the wire protocol where a workflow, or a visitor's other tab, can put text. */

const BLOCK =
  "height width size minHeight minWidth minSize maxHeight maxWidth maxSize aspectRatio radius margin flex padding border background align justify gap wrap direction";
const TEXT = "value color weight textAlign maxLines size";
const CONTROL =
  "name placeholder variant size defaultValue pattern label ariaLabel inputType min max side align fieldName";
const COMPONENTS = {
  Box: BLOCK,
  Row: BLOCK,
  Col: BLOCK,
  Form: BLOCK,
  Basic: `theme ${BLOCK}`,
  Spacer: "minSize",
  Divider: "color size spacing",
  Title: TEXT,
  Caption: TEXT,
  Text: TEXT,
  Markdown: "value",
  Badge: "label color variant size",
  Icon: "name color size",
  Image: `src alt fit position ${BLOCK}`,
  Button: "label iconStart iconEnd style iconSize color variant size",
  Input: CONTROL,
  Textarea: CONTROL,
  Select: CONTROL,
  DatePicker: CONTROL,
  Checkbox: CONTROL,
  RadioGroup: CONTROL,
  Label: `${TEXT} fieldName`,
};

/** A component whose every field is the payload. */
function component(type, payload) {
  const fields = Object.fromEntries(COMPONENTS[type].split(" ").map((name) => [name, payload]));
  const options = [{ value: payload, label: payload, description: payload }];
  const action = { type: payload, payload: { [payload]: payload } };
  return {
    type,
    id: payload,
    key: payload,
    options,
    onClickAction: action,
    onChangeAction: action,
    onSubmitAction: action,
    ...fields,
  };
}

export function widget(payload) {
  const action = { type: payload, payload };
  const cell = { type: "Table.Cell", width: payload, align: payload, children: [component("Text", payload)] };
  const editable = { name: payload, placeholder: payload, pattern: payload, autoComplete: payload };
  return {
    type: "Card",
    background: payload,
    padding: payload,
    border: { size: payload, color: payload, style: payload },
    theme: payload,
    size: payload,
    status: { text: payload, icon: payload, favicon: payload },
    confirm: { label: payload, action },
    cancel: { label: payload, action },
    [payload]: payload,
    children: [
      ...Object.keys(COMPONENTS).map((type) => component(type, payload)),
      { type: payload, value: payload },
      { type: "Text", value: payload, editable },
      { type: "Table", children: [{ type: "Table.Row", header: true, children: [cell] }] },
      { type: "Transition", children: component("Text", payload) },
      {
        type: "Chart",
        data: [{ day: payload, [payload]: 3 }],
        series: [{ type: "bar", label: payload, dataKey: payload, color: payload, stack: payload }],
        xAxis: { dataKey: "day", labels: { [payload]: payload } },
      },
    ],
  };
}

export function annotations(payload) {
  const more = { title: payload, description: payload, attribution: payload, icon: payload, group: payload };
  const source = [
    { type: "url", url: payload, ...more },
    { type: "file", filename: payload, ...more },
    { type: "entity", id: payload, data: { [payload]: payload }, interactive: true, ...more },
    { type: payload, url: payload, ...more },
  ];
  return source.map((each, index) => ({ type: "annotation", source: each, index }));
}

const fenced = (payload) => payload.replaceAll("\n", " ").replaceAll("`", "");

/** Texts of an answer that carry the payload in each construct of Markdown. */
export function texts(payload) {
  const line = payload.replaceAll("\n", " ");
  return [
    payload,
    `[x](${line}) ![${line}](${line}) [${line}](https://example.org/ "${line}") <${line}>`,
    `[x][r] [${line}]\n\n[r]: <${line}> "${line}"\n[${line}]: ${line}`,
    `\`\`\`${fenced(payload)}\n${payload}\n\`\`\``,
    `$${line}$ and\n\n$$\n${payload}\n$$`,
    `x[^1]\n\n[^1]: ${line}\n\n| ${line} |\n|---|\n| ${line} |\n\n- [ ] ${line}\n\n# ${line}\n\n> ${line}`,
  ];
}

/** The items of a thread for one payload: one of each kind. */
export function items(payload, number) {
  const id = (kind) => `${kind}_${number}`;
  const file = { type: "image", id: payload, name: payload, mime_type: payload, preview_url: payload };
  const task = { title: payload, content: payload, icon: payload, title_query: payload, queries: [payload] };
  const sources = annotations(payload).map(({ source }) => source);
  const kinds = ["custom", "web_search", "thought", "file", "image"];
  return [
    {
      type: "user_message",
      id: id("msg"),
      content: [
        { type: "input_text", text: payload },
        {
          type: "input_tag",
          id: payload,
          text: payload,
          group: payload,
          data: { [payload]: payload },
          interactive: true,
        },
      ],
      attachments: [file, { ...file, type: "file" }],
      quoted_text: payload,
    },
    {
      type: "workflow",
      id: id("wfl"),
      workflow: {
        type: "custom",
        expanded: true,
        summary: { title: payload, icon: payload },
        tasks: kinds.map((type) => ({ type, status_indicator: payload, sources, ...task })),
      },
    },
    { type: "task", id: id("tsk"), task: { type: payload, ...task } },
    {
      type: "assistant_message",
      id: id("answer"),
      content: texts(payload)
        .map((text) => ({ type: "output_text", text, annotations: [] }))
        .concat({
          type: "output_text",
          text: "",
          annotations: annotations(payload),
        }),
    },
    { type: "widget", id: id("wid"), widget: widget(payload), copy_text: payload },
    { type: "generated_image", id: id("img"), image: { id: payload, url: payload } },
    {
      type: "client_tool_call",
      id: id("ctc"),
      status: "completed",
      call_id: payload,
      name: payload,
      arguments: { [payload]: payload },
    },
    {
      type: "structured_input",
      id: id("sti"),
      status: "answered",
      inputs: [
        {
          id: payload,
          question: payload,
          description: payload,
          options: [{ value: payload }],
          answer: { values: [payload], skipped: false },
        },
      ],
    },
    { type: payload, id: id("unk"), text: payload },
    {
      type: "end_of_turn",
      id: id("end"),
      "orcheo.ending": { kind: number % 2 ? "failed" : payload, message: payload, allow_retry: true },
    },
  ];
}

/** The page's own options, with the payload wherever the page may put a text. */
export function options(payload) {
  const action = { icon: payload, onClick: () => {} };
  return {
    locale: payload,
    frameTitle: payload,
    header: { title: { text: payload }, leftAction: action, rightAction: action },
    startScreen: { greeting: payload, prompts: [{ label: payload, prompt: payload, icon: payload }] },
    disclaimer: { text: payload },
    threadItemActions: { feedback: true, retry: true },
    composer: {
      placeholder: payload,
      attachments: { enabled: true, accept: { [payload]: [payload] } },
      tools: [
        {
          id: payload,
          label: payload,
          shortLabel: payload,
          icon: payload,
          placeholderOverride: payload,
          pinned: true,
        },
      ],
      models: [
        { id: payload, label: payload, description: payload },
        { id: "other", label: payload },
      ],
    },
    theme: {
      radius: payload,
      density: payload,
      colorScheme: payload,
      typography: { fontFamily: payload, fontFamilyMono: payload },
      color: {
        accent: { primary: payload, level: 1 },
        surface: { background: payload, foreground: payload },
      },
    },
  };
}
