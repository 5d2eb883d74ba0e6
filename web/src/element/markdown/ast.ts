/** The tree that model text is parsed into. It has no place for raw HTML: tags stay text. */

export type Inline =
  | { type: "text" | "code"; text: string }
  | { type: "break" }
  | { type: "strong" | "emphasis" | "strike"; children: Inline[] }
  | { type: "link" | "image"; href: string; children: Inline[] }
  | { type: "math"; text: string; display: boolean }
  | { type: "note"; number: number };

export type Align = "start" | "center" | "end";

export interface ListItem {
  /** Whether the box of a task is ticked; null when the item is no task. */
  done: boolean | null;
  children: Block[];
}

export type Block =
  | { type: "paragraph"; children: Inline[]; tight: boolean }
  | { type: "heading"; depth: number; children: Inline[] }
  | { type: "code"; language: string; text: string }
  | { type: "math"; text: string }
  | { type: "quote"; children: Block[] }
  | { type: "list"; ordered: boolean; start: number; items: ListItem[] }
  | { type: "table"; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { type: "notes"; items: Block[][] }
  | { type: "rule" };
