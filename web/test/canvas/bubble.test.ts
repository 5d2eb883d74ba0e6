// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ChatOptions } from "../../src/element/options.ts";
import type { GetClientSecret } from "../../src/element/protocol/grant-keeper.ts";
import { CanvasApi } from "../../src/pages/canvas/api.ts";
import type { App, ChatPartner } from "../../src/pages/canvas/app.ts";
import { CanvasBubble } from "../../src/pages/canvas/bubble/bubble.ts";
import { keepSize, recallSize } from "../../src/pages/canvas/bubble/size-memory.ts";
import type { LoadChat } from "../../src/pages/canvas/chat-element.ts";
import { jsonAnswer, problemAnswer } from "../fakes.ts";
import { all, FakeCanvasServer, find, shownText } from "./fakes.ts";

const ADA: ChatPartner = { id: "wf_1", name: "Ada's", obstacle: null };
const BEA: ChatPartner = { id: "wf_2", name: "Bea's", obstacle: null };

interface LoadedChat extends HTMLElement {
  options: ChatOptions;
}

/** The chat element as far as the bubble uses it. */
const loadFake = (async (options: ChatOptions) => {
  const chat = document.createElement("div") as unknown as LoadedChat;
  chat.className = "fake-chat";
  chat.options = options;
  return Object.assign(chat, { focusComposer: async () => {} });
}) as unknown as LoadChat;

let server: FakeCanvasServer;
let told: [string, unknown][];

beforeEach(() => {
  localStorage.clear();
  told = [];
  server = new FakeCanvasServer();
  for (const ref of ["wf_1", "wf_2"])
    server.on(chatOf(ref), () => jsonAnswer({ client_secret: `grant ${ref}`, expires_in: 300 }));
});

afterEach(() => document.body.replaceChildren());

const chatOf = (ref: string) => `/api/workflows/${ref}/chatkit/session`;

async function bubbleWith(partner: ChatPartner | null, load: LoadChat = loadFake): Promise<CanvasBubble> {
  const bubble = new CanvasBubble();
  bubble.app = {
    api: new CanvasApi(
      server.fetch,
      () => {},
      () => {},
    ),
  } as unknown as App;
  bubble.load = load;
  bubble.partner = partner;
  for (const name of ["open", "close", "answer", "failure"])
    bubble.addEventListener(`canvas.chat.${name}`, (event) =>
      told.push([name, (event as CustomEvent).detail]),
    );
  document.body.append(bubble);
  await bubble.updateComplete;
  return bubble;
}

const launch = () => find(".launch").click();
const chats = () => all(".fake-chat") as unknown as LoadedChat[];
const secretOf = async (chat: LoadedChat | undefined) => {
  const { getClientSecret } = (chat as LoadedChat).options.api as { getClientSecret: GetClientSecret };
  return getClientSecret(null);
};

describe("the chat bubble of Canvas", () => {
  test("opens the chat with the workflow, as its owner", async () => {
    await bubbleWith(ADA);
    expect(find(".launch").getAttribute("aria-label")).toBe("Open the chat with Ada's");
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    expect(find<HTMLDialogElement>("dialog").open).toBe(true);
    expect(chats()[0]?.options.theme).toBe("auto");
    expect(await secretOf(chats()[0])).toBe("grant wf_1");
    expect(server.givenTo(chatOf("wf_1"))).toHaveLength(1);
    expect(told).toEqual([["open", {}]]);
  });

  test("is the same chat when it is opened again", async () => {
    await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    const [first] = chats();
    find<HTMLDialogElement>("dialog").close();
    launch();
    await vi.waitFor(() => expect(find<HTMLDialogElement>("dialog").open).toBe(true));
    expect(chats()).toEqual([first]);
    expect(told.map(([name]) => name)).toEqual(["open", "close", "open"]);
  });

  test("says how long the first answer took, once", async () => {
    await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    for (let turn = 0; turn < 2; turn += 1) {
      chats()[0]?.dispatchEvent(new CustomEvent("chatkit.response.start"));
      chats()[0]?.dispatchEvent(new CustomEvent("chatkit.response.end"));
    }
    expect(told.filter(([name]) => name === "answer")).toEqual([
      ["answer", { milliseconds: expect.any(Number) }],
    ]);
  });

  test("switched while a request is under way shows and sends nothing of the old workflow", async () => {
    let answer: (response: Response) => void = () => {};
    server.on(chatOf("wf_1"), () => new Promise((resolve) => (answer = resolve)));
    const bubble = await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(server.givenTo(chatOf("wf_1"))).toHaveLength(1));
    bubble.partner = BEA;
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    answer(jsonAnswer({ client_secret: "late", expires_in: 300 }));
    await bubble.updateComplete;
    expect(chats().map((chat) => chat.options.header?.title?.text)).toEqual(["Bea's"]);
    expect(await secretOf(chats()[0])).toBe("grant wf_2");
    expect(server.asked.find(({ path }) => path === chatOf("wf_1"))?.signal?.aborted).toBe(true);
    expect(told).toEqual([["open", {}]]);
  });

  test("switched while the chat loads drops what has loaded", async () => {
    const waiting: (() => void)[] = [];
    const slow: LoadChat = async (options) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return loadFake(options);
    };
    const bubble = await bubbleWith(ADA, slow);
    launch();
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    bubble.partner = BEA;
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    for (const each of waiting) each();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    expect(chats()[0]?.options.header?.title?.text).toBe("Bea's");
  });

  test("a chat that was left gets no grant any more", async () => {
    const bubble = await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    const [left] = chats();
    bubble.partner = BEA;
    await vi.waitFor(() => expect(chats()[0]?.options.header?.title?.text).toBe("Bea's"));
    await expect(secretOf(left)).rejects.toThrow();
    expect(server.givenTo(chatOf("wf_1"))).toHaveLength(1);
  });

  test("says a failure by its code, and tries again", async () => {
    server.on(chatOf("wf_1"), () => problemAnswer(409, "feature_disabled", {}, "Chats are switched off."));
    await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(shownText()).toContain("Chats are switched off."));
    expect(told.at(-1)).toEqual(["failure", { code: "feature_disabled" }]);
    server.on(chatOf("wf_1"), () => jsonAnswer({ client_secret: "grant", expires_in: 300 }));
    find<HTMLButtonElement>(".notice button").click();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
  });

  test("says a lost connection", async () => {
    server.isReachable = false;
    await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["failure", { code: "connection" }]));
  });

  test("does not open while the workflow cannot run, and says why", async () => {
    const bubble = await bubbleWith({ ...ADA, obstacle: "It is archived." });
    launch();
    expect(find(".launch").getAttribute("aria-disabled")).toBe("true");
    expect(find(`#${find(".launch").getAttribute("aria-describedby")}`).textContent).toBe("It is archived.");
    expect([server.asked, told]).toEqual([[], []]);
    bubble.partner = ADA;
    await bubble.updateComplete;
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    bubble.partner = { ...ADA, obstacle: "It is archived." };
    await vi.waitFor(() => expect(told.at(-1)?.[0]).toBe("close"));
    expect(chats()).toEqual([]);
  });

  test("is not there without a workflow", async () => {
    await bubbleWith(null);
    expect(all(".launch")).toEqual([]);
  });

  test("closes by a click beside it, not by one in it", async () => {
    await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    chats()[0]?.click();
    expect(find<HTMLDialogElement>("dialog").open).toBe(true);
    find("dialog").click();
    expect(find<HTMLDialogElement>("dialog").open).toBe(false);
  });
});

describe("the size of the bubble", () => {
  test("is remembered, within bounds", () => {
    expect(recallSize()).toBeNull();
    keepSize({ inline: 500.4, block: 100 });
    expect(recallSize()).toEqual({ inline: 500, block: 360 });
    localStorage.setItem("orcheo.canvas.bubble", "nonsense");
    expect(recallSize()).toBeNull();
  });

  test("is set by keys", async () => {
    await bubbleWith(ADA);
    launch();
    await vi.waitFor(() => expect(chats()).toHaveLength(1));
    find(".resize").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp" }));
    expect(recallSize()).toEqual({ inline: 320, block: 360 });
  });
});
