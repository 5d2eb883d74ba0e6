/** Keeps the page in the part of the window that an on-screen keyboard leaves, in browsers that do not shrink the page. */

const { visualViewport } = window;

visualViewport?.addEventListener("resize", () => {
  // Zoomed in, the visible part is small because its reader wants it so.
  const isCovered = visualViewport.scale === 1 && visualViewport.height < innerHeight - 1;
  document.body.style.blockSize = isCovered ? `${visualViewport.height}px` : "";
  if (isCovered) scrollTo(0, 0);
});

export {};
