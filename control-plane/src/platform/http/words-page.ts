/** A page of one sentence in the dashboard's colours, for when the dashboard itself may not or cannot be there. It loads nothing. */

const style = `
  :root { color-scheme: light dark; }
  body {
    margin: 0; min-height: 100dvh; display: grid; place-content: center; justify-items: center; gap: 1.25rem;
    padding: 1.5rem; box-sizing: border-box; text-align: center; text-wrap: balance;
    font: 1.05rem/1.6 ui-sans-serif, system-ui, sans-serif;
    background: light-dark(oklch(0.968 0.006 85), oklch(0.163 0.014 278));
    color: light-dark(oklch(0.23 0.025 278), oklch(0.945 0.012 88));
  }
  h1 { margin: 0; display: flex; align-items: center; gap: 0.75rem; font-size: 1.2rem; }
  p { margin: 0; max-width: 34rem; }
  .dawn { fill: light-dark(oklch(0.82 0.13 68), oklch(0.84 0.122 70)); }
`;

const mark = `<svg width="34" height="34" viewBox="0 0 32 32" aria-hidden="true"><path d="M20.2 4.1A12.2 12.2 0 1 0 27.9 20 10 10 0 0 1 20.2 4.1Z" fill="currentColor"/><circle cx="23.4" cy="12.2" r="3" class="dawn"/></svg>`;

/** @param words our own: they are not escaped */
export const wordsPage = (words: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playspawn</title>
<style>${style}</style>
<body><h1>${mark}Playspawn</h1><p>${words}</p></body>
</html>
`;
