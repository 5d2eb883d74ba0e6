import "./orcheo-chat-page.ts";

if (matchMedia("(pointer: coarse)").matches) void import("./keyboard-room.ts");
