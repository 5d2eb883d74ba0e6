/** How a bubble looks; a constructed sheet, which no content security policy of the page around it forbids. */

const CSS = `
:host{all:initial;color-scheme:light dark;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
:host([data-theme=light]){color-scheme:light}
:host([data-theme=dark]){color-scheme:dark}
.box{--side:1.25rem;--ink:light-dark(#1f2124,#ececea);--page:light-dark(#fcfcfb,#161718);--line:light-dark(#d9d9d4,#3b3d40);--accent:light-dark(#2f5d50,#8fc7b5);--on-accent:light-dark(#fff,#10201b);color:var(--ink)}
.button,.greeting,.panel{position:fixed;z-index:2147483000;box-sizing:border-box;inset-inline-end:calc(var(--side) + var(--slot,0)*4.5rem)}
.start :is(.button,.greeting,.panel){inset-inline:calc(var(--side) + var(--slot,0)*4.5rem) auto}
button{font:inherit;color:inherit;cursor:pointer}
button:focus-visible,a:focus-visible,iframe:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
.button{inset-block-end:max(1.25rem,env(safe-area-inset-bottom));inline-size:3.5rem;block-size:3.5rem;padding:0;border:1px solid transparent;border-radius:50%;background:var(--accent);color:var(--on-accent);box-shadow:0 4px 16px #0004}
.button svg{display:block;margin:auto;inline-size:1.6rem;block-size:1.6rem;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.button path+path,.button[aria-expanded=true] path{display:none}
.button[aria-expanded=true] path+path{display:inline}
.dot{position:absolute;inset-block-start:0;inset-inline-end:0;inline-size:.9rem;block-size:.9rem;border:2px solid var(--page);border-radius:50%;background:#d3302f;forced-color-adjust:none}
.greeting{inset-block-end:5.75rem;display:flex;align-items:start;max-inline-size:min(18rem,calc(100vw - 2.5rem));border:1px solid var(--line);border-radius:1rem;background:var(--page);font-size:.95rem;line-height:1.4;box-shadow:0 4px 16px #0003}
.greeting button{border:0;background:none;padding:.75rem 1rem;text-align:start;overflow-wrap:anywhere;min-inline-size:2.75rem;min-block-size:2.75rem}
.greeting .x{padding:.5rem;flex:none}
.panel{z-index:2147483001;inset-block-end:5.75rem;inline-size:min(26rem,calc(100vw - 2.5rem));block-size:min(42rem,calc(var(--height,100dvh) - 7.5rem));border:1px solid var(--line);border-radius:1rem;background:var(--page);overflow:hidden;box-shadow:0 8px 40px #0004}
.panel iframe{display:block;inline-size:100%;block-size:100%;border:0;color-scheme:inherit}
.note{position:absolute;inset-block-start:0;inset-inline:0;display:flex;flex-direction:column;align-items:end;padding:.25rem}
.note p{align-self:stretch;margin:2rem 1.5rem;font-size:1rem;line-height:1.5;text-align:center}
.note a{color:inherit}
.x{border:0;background:none;inline-size:2.75rem;block-size:2.75rem;font-size:1.4rem;line-height:1}
[hidden]{display:none!important}
@media(max-width:480px),(max-height:420px){.panel,.start .panel{inset:var(--top,0) 0 auto;inline-size:100%;block-size:var(--height,100dvh);border:0;border-radius:0}}
@media(prefers-reduced-motion:no-preference){.button{transition:transform .15s}.button:hover{transform:scale(1.06)}.panel,.greeting{animation:rise .18s ease-out}@keyframes rise{from{opacity:0;translate:0 .75rem}}}
@media(forced-colors:active){.button{border-color:ButtonText}.dot{background:Highlight;border-color:Canvas}}
@media print{.box{display:none}}
`;

let sheet: CSSStyleSheet | null = null;

export function bubbleSheet(): CSSStyleSheet {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
