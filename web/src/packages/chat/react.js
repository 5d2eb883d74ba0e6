/** `@orcheo/chat/react`: the chat element as a React component. */

import { createElement, forwardRef, useImperativeHandle, useLayoutEffect, useRef } from "react";
import "@orcheo/chat";

const PREFIX = "chatkit.";
const EVENTS =
  "ready error effect deeplink response.start response.end history.open history.close thread.change thread.load.start thread.load.end tool.change log";
const HANDLERS = Object.fromEntries(
  EVENTS.split(" ").map((name) => [
    `on${name.replace(/(?:^|\.)(\w)/g, (_all, letter) => letter.toUpperCase())}`,
    PREFIX + name,
  ]),
);

/** `options` are those of the element, `onReady`, `onThreadChange` … its events, all else is for the element as it is. */
export const Chat = forwardRef(function Chat({ options, ...props }, ref) {
  const element = useRef(null);
  const latest = useRef(props);
  latest.current = props;
  useImperativeHandle(ref, () => element.current, []);
  useLayoutEffect(() => {
    const over = new AbortController();
    for (const [handler, event] of Object.entries(HANDLERS))
      element.current.addEventListener(event, ({ detail }) => latest.current[handler]?.(detail), {
        signal: over.signal,
      });
    return () => over.abort();
  }, []);
  useLayoutEffect(() => element.current.setOptions(options), [options]);
  const own = Object.fromEntries(Object.entries(props).filter(([name]) => !(name in HANDLERS)));
  return createElement("orcheo-chat", { ...own, ref: element });
});
