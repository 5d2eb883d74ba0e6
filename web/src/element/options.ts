/** What a page hands to the chat element: the options of ChatKit's element (npm `@openai/chatkit`), and ours. */

import type {
  ChatKitOptions,
  ColorScheme,
  CustomApiConfig,
  FileUploadStrategy,
  HeaderOption,
  ThemeOption,
} from "@openai/chatkit";
import type { Notifications } from "./parts/notify.ts";
import type { GetClientSecret } from "./protocol/grant-keeper.ts";

/** A server and chat grants for it; what ChatKit's two ways of naming a server are made into. */
interface OrcheoApi {
  /** Address of the ChatKit endpoint. */
  url: string;
  getClientSecret: GetClientSecret;
  uploadStrategy?: FileUploadStrategy;
  /** Where a visitor whose login has ended can sign in again. */
  loginUrl?: string | null;
}

type HeaderAction = NonNullable<HeaderOption["leftAction"]> & {
  /** What the button is called, asked whenever it is drawn; the name of its icon if left out. */
  label?: () => string;
};

interface Header extends Omit<HeaderOption, "leftAction" | "rightAction"> {
  leftAction?: HeaderAction;
  rightAction?: HeaderAction;
}

type Scheme = ColorScheme | "auto";

/** ChatKit's options; ours come on top, and none of them is needed. */
export interface ChatOptions extends Omit<ChatKitOptions, "api" | "theme" | "header"> {
  api: ChatKitOptions["api"] | OrcheoApi;
  header?: Header;
  /** `auto`: as the browser is set. */
  theme?: Scheme | (Omit<ThemeOption, "colorScheme"> & { colorScheme?: Scheme });
  /** Characters that a message may have; what the server takes. */
  messageLimit?: number;
  /** Where a visitor can ask for help when the chat is closed. */
  contact?: { label: string; url: string };
  /** What tells a visitor who is elsewhere of an answer; `visitor`: what its visitor chooses. Nothing by default. */
  notifications?: Notifications | "visitor";
  /**
   * Where unsent text is kept by thread (null: a new one), so that a reload does not lose it. Answers that wait for the
   * last one of their item are kept under the thread's id and `?`, what a message is being changed to under its own id.
   */
  drafts?: Drafts;
}

export interface Drafts {
  recall(place: string | null): string;
  keep(place: string | null, text: string): void;
}

/** For a page that keeps nothing. */
export const noDrafts: Drafts = { recall: () => "", keep: () => {} };

/** One form for both of ChatKit's ways to name a server. */
export interface Target {
  url: string;
  fetch: typeof fetch | null;
  getClientSecret: GetClientSecret | null;
  uploadStrategy: FileUploadStrategy;
  loginUrl: string | null;
}

/** `ownServer`: the origin that this script comes from, where chat grants are good. */
export function targetOf(api: ChatOptions["api"], ownServer: string): Target {
  const given = api as Partial<OrcheoApi & CustomApiConfig>;
  return {
    url: given.url ?? `${ownServer}/api/chatkit`,
    fetch: given.fetch ?? null,
    getClientSecret: given.getClientSecret ?? null,
    uploadStrategy: given.uploadStrategy ?? { type: "two_phase" },
    loginUrl: given.loginUrl ?? null,
  };
}

/** What is left of the options where the page's server has switched something off for this chat session. */
export function narrowed(options: ChatOptions, off: readonly string[]): ChatOptions {
  const isOff = { enabled: false };
  return {
    ...options,
    ...(off.includes("history") ? { history: isOff } : {}),
    ...(off.includes("file_upload") ? { composer: { ...options.composer, attachments: isOff } } : {}),
  };
}

type Kind = "string" | "language tag" | "boolean" | "number" | "function" | "object" | "null";
type Spec =
  | Kind
  | readonly Spec[]
  | { readonly list: Spec }
  | { readonly of: Readonly<Record<string, Spec>> };

const ACTION: Spec = { of: { "icon!": "string", "onClick!": "function", label: "function" } };

/** Members that end in `!` are needed: without them the whole is of the wrong type. */
const SPEC: Spec = {
  of: {
    "api!": {
      of: {
        url: "string",
        fetch: "function",
        getClientSecret: "function",
        uploadStrategy: { of: { "type!": "string", uploadUrl: "string" } },
        loginUrl: ["string", "null"],
      },
    },
    locale: "language tag",
    theme: [
      "string",
      {
        of: {
          colorScheme: "string",
          typography: {
            of: {
              baseSize: "number",
              fontSources: { list: { of: { "family!": "string", "src!": "string" } } },
              fontFamily: "string",
              fontFamilyMono: "string",
            },
          },
          radius: "string",
          density: "string",
          color: {
            of: {
              grayscale: { of: { "hue!": "number", "tint!": "number", shade: "number" } },
              accent: { of: { "primary!": "string", level: "number" } },
              surface: { of: { "background!": "string", "foreground!": "string" } },
            },
          },
        },
      },
    ],
    frameTitle: "string",
    initialThread: ["string", "null"],
    onClientTool: "function",
    header: {
      of: {
        enabled: "boolean",
        title: { of: { enabled: "boolean", text: "string" } },
        leftAction: ACTION,
        rightAction: ACTION,
      },
    },
    history: { of: { enabled: "boolean", showDelete: "boolean", showRename: "boolean" } },
    startScreen: {
      of: {
        greeting: "string",
        prompts: {
          list: { of: { "label!": "string", "prompt!": ["string", { list: "object" }], icon: "string" } },
        },
      },
    },
    threadItemActions: { of: { feedback: "boolean", retry: "boolean" } },
    composer: {
      of: {
        placeholder: "string",
        attachments: {
          of: { "enabled!": "boolean", maxSize: ["number", "object"], maxCount: "number", accept: "object" },
        },
        tools: {
          list: {
            of: {
              "id!": "string",
              "label!": "string",
              icon: "string",
              shortLabel: "string",
              placeholderOverride: "string",
              pinned: "boolean",
              persistent: "boolean",
            },
          },
        },
        models: {
          list: {
            of: {
              "id!": "string",
              "label!": "string",
              description: "string",
              disabled: "boolean",
              default: "boolean",
            },
          },
        },
        dictation: { of: { "enabled!": "boolean" } },
      },
    },
    disclaimer: { of: { "text!": "string", highContrast: "boolean" } },
    entities: {
      of: {
        onTagSearch: "function",
        showComposerMenu: "boolean",
        onClick: "function",
        onRequestPreview: "function",
      },
    },
    commands: { of: { "enabled!": "boolean", onSearch: "function", onSelect: "function" } },
    widgets: { of: { onAction: "function" } },
    thread: { of: { autoScroll: "boolean" } },
    messageLimit: "number",
    contact: { of: { "label!": "string", "url!": "string" } },
    drafts: "object",
    notifications: ["string", { of: { sound: "boolean", titleBadge: "boolean" } }],
  },
};

/**
 * The options without what is of the wrong type, each such place told to `wrong` as `composer.tools[0].label`; null when
 * nothing can be done with them. An option that is undefined is one that is not given; unknown ones are passed over.
 */
export function checkOptions(
  options: unknown,
  wrong: (path: string, expected: string) => void,
): ChatOptions | null {
  return (checked(options, SPEC, "", wrong) as ChatOptions | undefined) ?? null;
}

type Wrong = (path: string, expected: string) => void;

function checked(value: unknown, spec: Spec, path: string, wrong: Wrong): unknown {
  const alternatives: readonly Spec[] = isList(spec) ? spec : [spec];
  const fitting = alternatives.find((each) => isOfKind(value, kindOf(each)));
  if (fitting === undefined) {
    wrong(path || "options", alternatives.map(kindOf).join(" or "));
    return undefined;
  }
  if (typeof fitting === "string" || isList(fitting)) return value;
  if ("list" in fitting) return checkedList(value as unknown[], fitting.list, path, wrong);
  return checkedMembers(value as Record<string, unknown>, fitting.of, path, wrong);
}

function checkedList(values: readonly unknown[], spec: Spec, path: string, wrong: Wrong): unknown[] {
  return values
    .map((each, index) => checked(each, spec, `${path}[${index}]`, wrong))
    .filter((each) => each !== undefined);
}

function checkedMembers(
  value: Record<string, unknown>,
  members: Readonly<Record<string, Spec>>,
  path: string,
  wrong: Wrong,
): unknown {
  const kept: Record<string, unknown> = { ...value };
  for (const [key, spec] of Object.entries(members)) {
    const name = key.replace("!", "");
    if (value[name] === undefined && name === key) continue;
    const member = checked(value[name], spec, path === "" ? name : `${path}.${name}`, wrong);
    if (member !== undefined) kept[name] = member;
    else if (name === key) delete kept[name];
    else return undefined;
  }
  return kept;
}

function kindOf(spec: Spec): string {
  if (typeof spec === "string") return spec;
  return isList(spec) ? "" : "list" in spec ? "list" : "object";
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === "null") return value === null;
  if (kind === "language tag") return typeof value === "string" && isLanguageTag(value);
  if (kind === "list") return Array.isArray(value);
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === kind;
}

/** Dates and numbers could not be written in any other. */
function isLanguageTag(text: string): boolean {
  try {
    return text === "" || Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

function isList(spec: Spec): spec is readonly Spec[] {
  return Array.isArray(spec);
}
