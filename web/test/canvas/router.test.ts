// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from "vitest";
import { paths, Router, routeOf } from "../../src/pages/canvas/router.ts";
import { takeTicket } from "../../src/pages/canvas/ticket.ts";

beforeEach(() => history.replaceState(null, "", "/canvas"));

describe("an address", () => {
  test.each([
    ["/canvas", { view: "workflows" }],
    ["/canvas/", { view: "workflows" }],
    ["/canvas/register", { view: "register" }],
    ["/canvas/audit", { view: "audit" }],
    ["/canvas/tokens", { view: "tokens" }],
    ["/canvas/sessions", { view: "sessions" }],
    ["/canvas/workflows/wf_1", { view: "workflow", ref: "wf_1", tab: "overview" }],
    ["/canvas/workflows/wf_1/look", { view: "workflow", ref: "wf_1", tab: "look" }],
    ["/canvas/workflows/wf_1/threads", { view: "workflow", ref: "wf_1", tab: "threads" }],
    ["/canvas/workflows/wf_1/threads/thr_1", { view: "thread", ref: "wf_1", thread: "thr_1" }],
    ["/canvas/workflows/wf_1/nonsense", { view: "unknown" }],
    ["/canvas/workflows/wf_1/look/more", { view: "unknown" }],
    ["/canvas/workflows", { view: "unknown" }],
    ["/canvas/audit/more", { view: "unknown" }],
    ["/canvas/a/b/c/d/e", { view: "unknown" }],
    ["/canvas/workflows/%E0%A4%A", { view: "workflow", ref: "%E0%A4%A", tab: "overview" }],
  ])("%s", (path, route) => expect(routeOf(path)).toEqual(route));

  test("leads back to what it was made of", () => {
    expect(routeOf(paths.workflow("a b/c", "edit"))).toEqual({ view: "workflow", ref: "a b/c", tab: "edit" });
    expect(routeOf(paths.thread("wf", "thr"))).toEqual({ view: "thread", ref: "wf", thread: "thr" });
  });
});

describe("the router", () => {
  function started() {
    const changed = vi.fn();
    const router = new Router(changed);
    const over = new AbortController();
    router.listen(over.signal);
    return { router, changed, over };
  }

  test("shows another address, and not the one that is shown", () => {
    const { router, changed, over } = started();
    router.go("/canvas/audit");
    router.go("/canvas/audit");
    expect(router.route).toEqual({ view: "audit" });
    expect(changed).toHaveBeenCalledTimes(1);
    over.abort();
  });

  test("keeps filters in the address without a step for the back button", () => {
    const { router, changed, over } = started();
    const before = history.length;
    router.keep({ q: "ship & go", state: "" });
    expect(location.search).toBe("?q=ship+%26+go");
    expect(router.query.get("q")).toBe("ship & go");
    expect([history.length, changed.mock.calls.length]).toEqual([before, 0]);
    over.abort();
  });

  test("does not leave what may not be left, not even by the back button", () => {
    const { router, changed, over } = started();
    router.go("/canvas/tokens");
    router.mayLeave = () => false;
    router.go("/canvas/audit");
    history.replaceState(null, "", "/canvas");
    dispatchEvent(new PopStateEvent("popstate"));
    expect(location.pathname).toBe("/canvas/tokens");
    expect(changed).toHaveBeenCalledTimes(1);
    router.mayLeave = () => true;
    history.replaceState(null, "", "/canvas");
    dispatchEvent(new PopStateEvent("popstate"));
    expect(changed).toHaveBeenCalledTimes(2);
    over.abort();
  });

  test.each([
    ["/canvas/audit", "", true],
    ["/canvas/audit", "_blank", false],
    ["/chat/greeter", "", false],
    ["/canvasses", "", false],
    ["https://elsewhere.example/canvas", "", false],
  ])("follows a link to %s (target %j) itself: %s", (href, target, isOurs) => {
    const { changed, over } = started();
    const link = document.createElement("a");
    link.href = href;
    if (target) link.target = target;
    document.body.replaceChildren(link);
    const click = new MouseEvent("click", { bubbles: true, cancelable: true });
    link.addEventListener("click", (event) => !isOurs && event.stopPropagation());
    document.dispatchEvent(Object.defineProperty(click, "composedPath", { value: () => [link] }));
    expect(click.defaultPrevented).toBe(isOurs);
    expect(changed).toHaveBeenCalledTimes(isOurs ? 1 : 0);
    over.abort();
  });

  test("leaves a click alone that asks for another tab", () => {
    const { changed, over } = started();
    const link = document.createElement("a");
    link.href = "/canvas/audit";
    const click = new MouseEvent("click", { cancelable: true, ctrlKey: true });
    document.dispatchEvent(Object.defineProperty(click, "composedPath", { value: () => [link] }));
    expect([click.defaultPrevented, changed.mock.calls.length]).toEqual([false, 0]);
    over.abort();
  });
});

describe("the ticket of a one-time address", () => {
  test("is taken out of the address", () => {
    history.replaceState(null, "", "/canvas?x=1#ticket=a%2Fb");
    expect(takeTicket()).toBe("a/b");
    expect(location.href).toMatch(/\/canvas\?x=1$/);
    expect(takeTicket()).toBeNull();
  });

  test("other fragments stay", () => {
    history.replaceState(null, "", "/canvas#top");
    expect(takeTicket()).toBeNull();
    expect(location.hash).toBe("#top");
  });
});
