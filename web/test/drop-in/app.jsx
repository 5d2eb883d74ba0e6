/** An app as it is written for ChatKit: nothing in it knows of Orcheo. The tests read what `window.told` gathers. */

import { ChatKit, useChatKit } from "@openai/chatkit-react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

window.told = [];
const tell = (name) => (detail) => {
  window.told.push({ name, detail: detail?.error ? String(detail.error) : detail });
};

const people = [
  {
    id: "p1",
    title: "Ada Lovelace",
    icon: "user",
    group: "People",
    interactive: true,
    data: { born: "1815" },
  },
  { id: "p2", title: "Alan Turing", icon: "user", group: "People", interactive: true },
];

function App() {
  const [title, setTitle] = useState("Travel desk");
  const [scheme, setScheme] = useState("light");
  const chat = useChatKit({
    api: {
      getClientSecret: async (current) => {
        tell("secret")({ hadOne: Boolean(current) });
        const answer = await fetch("/session", { method: "POST" });
        return (await answer.json()).client_secret;
      },
    },
    locale: "en",
    theme: {
      colorScheme: scheme,
      radius: "soft",
      density: "compact",
      typography: { baseSize: 15, fontFamily: "Georgia, serif", fontFamilyMono: "monospace" },
      color: { grayscale: { hue: 220, tint: 6, shade: -1 }, accent: { primary: "#7b2fd0", level: 2 } },
    },
    frameTitle: "Travel chat",
    initialThread: null,
    onClientTool: async ({ name, params }) => {
      tell("tool")({ name, params });
      return { city: "Oslo" };
    },
    header: {
      enabled: true,
      title: { text: title },
      leftAction: { icon: "sidebar-left", onClick: () => setTitle("Renamed desk") },
      rightAction: { icon: "dark-mode", onClick: () => setScheme("dark") },
    },
    history: { enabled: true, showDelete: true, showRename: true },
    startScreen: {
      greeting: "Where to?",
      prompts: [
        { label: "A weekend", prompt: "weekend", icon: "suitcase" },
        {
          label: "With Ada",
          prompt: [
            { type: "input_text", text: "meet " },
            { type: "input_tag", id: "p1", text: "Ada Lovelace", data: {}, interactive: true },
          ],
        },
      ],
    },
    threadItemActions: { feedback: true, retry: true },
    composer: {
      placeholder: "Ask the desk",
      attachments: {
        enabled: true,
        maxCount: 2,
        maxSize: 1000,
        accept: { "text/plain": [".txt"], "image/png": [".png"] },
      },
      tools: [
        {
          id: "web",
          label: "Search the web",
          shortLabel: "Web",
          icon: "globe",
          pinned: true,
          persistent: true,
        },
        { id: "deep", label: "Think longer", icon: "lightbulb", placeholderOverride: "Think about" },
      ],
      models: [
        { id: "small", label: "Small", default: true },
        { id: "large", label: "Large" },
        { id: "closed", label: "Closed", disabled: true },
      ],
      dictation: { enabled: true },
    },
    disclaimer: { text: "Answers can be **wrong**.", highContrast: true },
    entities: {
      onTagSearch: async (query) =>
        people.filter(({ title: name }) => name.toLowerCase().includes(query.toLowerCase())),
      showComposerMenu: true,
      onClick: tell("entity"),
      onRequestPreview: async ({ title: name }) => ({
        preview: { type: "Basic", children: [{ type: "Title", value: name }] },
      }),
    },
    commands: {
      enabled: true,
      onSearch: async () => [{ id: "greet", label: "Greet someone", icon: "sparkle" }],
      onSelect: async (command) => {
        tell("command")(command);
        return command.id === "greet"
          ? { type: "menu", commands: [{ id: "ada", label: "Greet Ada" }] }
          : { type: "entity", entity: people[0] };
      },
    },
    widgets: { onAction: async (action, item) => tell("action")({ action, root: item.widget.type }) },
    thread: { autoScroll: true },
    onReady: tell("ready"),
    onError: tell("error"),
    onLog: tell("log"),
    onEffect: tell("effect"),
    onDeeplink: tell("deeplink"),
    onResponseStart: tell("response.start"),
    onResponseEnd: tell("response.end"),
    onThreadChange: tell("thread.change"),
    onThreadLoadStart: tell("thread.load.start"),
    onThreadLoadEnd: tell("thread.load.end"),
    onToolChange: tell("tool.change"),
    onHistoryOpen: tell("history.open"),
    onHistoryClose: tell("history.close"),
  });
  window.chat = chat;
  return <ChatKit control={chat.control} style={{ display: "block", height: "100vh", width: "100%" }} />;
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
