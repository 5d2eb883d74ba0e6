import "./orcheo-chat-page.ts";
