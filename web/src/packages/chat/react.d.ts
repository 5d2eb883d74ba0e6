import type { ChatKitEvents } from "@openai/chatkit";
import type { ChatOptions, OrcheoChat } from "@orcheo/chat";
import type { CSSProperties, ForwardRefExoticComponent, RefAttributes } from "react";

type Handler<Name extends keyof ChatKitEvents> = (detail: ChatKitEvents[Name]["detail"]) => void;

export interface ChatProps {
  options: ChatOptions;
  id?: string;
  className?: string;
  style?: CSSProperties;
  onReady?: Handler<"chatkit.ready">;
  onError?: Handler<"chatkit.error">;
  onEffect?: Handler<"chatkit.effect">;
  onDeeplink?: Handler<"chatkit.deeplink">;
  onResponseStart?: Handler<"chatkit.response.start">;
  onResponseEnd?: Handler<"chatkit.response.end">;
  onHistoryOpen?: Handler<"chatkit.history.open">;
  onHistoryClose?: Handler<"chatkit.history.close">;
  onThreadChange?: Handler<"chatkit.thread.change">;
  onThreadLoadStart?: Handler<"chatkit.thread.load.start">;
  onThreadLoadEnd?: Handler<"chatkit.thread.load.end">;
  onToolChange?: Handler<"chatkit.tool.change">;
  onLog?: Handler<"chatkit.log">;
}

export const Chat: ForwardRefExoticComponent<ChatProps & RefAttributes<OrcheoChat>>;
