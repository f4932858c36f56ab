/** Pages of words in the dashboard's colours, for where the dashboard itself may not or cannot be. They load nothing. */

const style = `
  :root { color-scheme: light dark; }
  body {
    margin: 0; min-height: 100dvh; padding: 1.5rem; box-sizing: border-box;
    font: 1.05rem/1.6 ui-sans-serif, system-ui, sans-serif;
    background: light-dark(oklch(0.968 0.006 85), oklch(0.163 0.014 278));
    color: light-dark(oklch(0.23 0.025 278), oklch(0.945 0.012 88));
  }
  body.few { display: grid; place-content: center; justify-items: center; gap: 1.25rem; text-align: center; text-wrap: balance; }
  .brand { margin: 0; display: flex; align-items: center; gap: 0.75rem; font-size: 1.2rem; font-weight: 700; }
  p { margin: 0; }
  .few p { max-width: 34rem; }
  .dawn { fill: light-dark(oklch(0.82 0.13 68), oklch(0.84 0.122 70)); }
  main { max-width: 42rem; margin: 2.5rem auto; }
  h1 { margin: 2rem 0 0.25rem; font-size: 1.6rem; line-height: 1.25; text-wrap: balance; }
  h2 { margin: 1.75rem 0 0.5rem; font-size: 1rem; }
  ul, ol { margin: 0; padding-left: 1.3rem; }
  li { margin: 0.35rem 0; }
  a { color: inherit; text-underline-offset: 0.2em; }
  a:focus-visible { outline: 2px solid light-dark(oklch(0.52 0.19 282), oklch(0.78 0.12 285)); outline-offset: 2px; border-radius: 2px; }
  code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
  .quiet { color: light-dark(oklch(0.505 0.018 278), oklch(0.665 0.018 278)); }
  blockquote {
    margin: 0; padding: 0.75rem 1rem; border-radius: 0.5rem; overflow-wrap: anywhere;
    background: light-dark(oklch(0.992 0.003 85), oklch(0.197 0.016 278));
    border: 1px solid light-dark(oklch(0.9 0.009 85), oklch(0.275 0.018 278));
  }
  dl { margin: 0; }
  dt { margin-top: 0.9rem; }
  dd { margin: 0; }
`;

const mark = `<svg width="34" height="34" viewBox="0 0 32 32" aria-hidden="true"><path d="M20.2 4.1A12.2 12.2 0 1 0 27.9 20 10 10 0 0 1 20.2 4.1Z" fill="currentColor"/><circle cx="23.4" cy="12.2" r="3" class="dawn"/></svg>`;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
${body}
</html>
`;

/** One sentence in the middle. @param words our own: they are not escaped */
export const wordsPage = (words: string): string =>
  page("Playspawn", `<body class="few"><h1 class="brand">${mark}Playspawn</h1><p>${words}</p></body>`);

/** Something to read. @param title our own, as `body`: they are not escaped */
export const readingPage = (title: string, body: string): string =>
  page(`${title} · Playspawn`, `<body><main><p class="brand">${mark}Playspawn</p>${body}</main></body>`);
