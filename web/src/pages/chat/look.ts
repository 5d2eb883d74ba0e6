/** What the owner of a workflow has set for visitors to see, as the server tells it, and what the page makes of it. */

import type { ModelOption, StartScreenOption, ToolOption } from "@openai/chatkit";
import type { ChatOptions } from "../../element/options.ts";
import { pageStrings } from "./page-strings.ts";

export interface Look {
  greeting: string | null;
  prompts: readonly { label: string; prompt: string; icon: string | null }[];
  placeholder: string | null;
  disclaimer: string | null;
  /** Readable in each scheme. */
  accent: { light: string; dark: string } | null;
  scheme: "auto" | "light" | "dark";
  contact: string | null;
  files: boolean;
  dictation: boolean;
  models: readonly { id: string; label: string }[];
  tools: readonly { id: string; label: string; icon: string | null }[];
}

type Icon = ToolOption["icon"];

export function optionsOf(look: Partial<Look>): Partial<ChatOptions> {
  const { greeting, prompts = [], placeholder, disclaimer, files, dictation, models = [], tools = [] } = look;
  const startScreen: StartScreenOption = {
    ...(greeting ? { greeting } : {}),
    prompts: prompts.map(({ label, prompt, icon }) => ({
      label,
      prompt,
      ...(icon === null ? {} : { icon: icon as Icon }),
    })),
  };
  return {
    theme: look.scheme ?? "auto",
    startScreen,
    composer: {
      ...(placeholder ? { placeholder } : {}),
      ...(files ? { attachments: { enabled: true } } : {}),
      ...(dictation ? { dictation: { enabled: true } } : {}),
      ...(models.length > 0 ? { models: models.map(modelOf) } : {}),
      ...(tools.length > 0 ? { tools: tools.map(toolOf) } : {}),
    },
    ...(disclaimer ? { disclaimer: { text: disclaimer } } : {}),
  };
}

function modelOf({ id, label }: Look["models"][number], index: number): ModelOption {
  return { id, label, default: index === 0 };
}

function toolOf({ id, label, icon }: Look["tools"][number]): ToolOption {
  return { id, label, icon: (icon ?? "settings-slider") as Icon };
}

/** Colours of the whole document, of screens and chat alike. */
export function paint({ accent, scheme = "auto" }: Partial<Look>, isOwnPage: boolean): void {
  const { style } = document.documentElement;
  // The page around a frame says which scheme it has.
  if (isOwnPage) style.colorScheme = scheme === "auto" ? "" : scheme;
  if (!accent) return;
  style.setProperty("--orcheo-accent", `light-dark(${accent.light}, ${accent.dark})`);
  style.setProperty("--orcheo-on-accent", "light-dark(#ffffff, #161718)");
}

const CONTACT = /^(?:mailto:|https:\/\/)/;

/** A link to the owner, else to the operator; an e-mail says which chat it is about, and which request. */
export function contactFor(
  about: { name: string; id: string },
  ownersContact: string | null,
  requestId: string,
): NonNullable<ChatOptions["contact"]> | null {
  const operators = document.querySelector<HTMLMetaElement>("meta[name=orcheo-contact]")?.content ?? null;
  const contact = ownersContact ?? operators;
  if (contact === null || !CONTACT.test(contact)) return null;
  const label = contact === operators ? pageStrings.contactOperator : pageStrings.contactOwner;
  if (!contact.startsWith("mailto:")) return { url: contact, label };
  const lines = [location.origin + location.pathname, about.id, requestId].filter(Boolean);
  const subject = encodeURIComponent([about.name, requestId].filter(Boolean).join(" · "));
  const body = encodeURIComponent(["", "", ...lines].join("\r\n"));
  return { url: `${contact}?subject=${subject}&body=${body}`, label };
}
