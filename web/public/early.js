// Runs before everything else and before the first paint. Small, and not a module: it must not wait for anything.

// Without a stored choice the style sheet follows the system by itself.
try {
  const theme = localStorage.getItem("playspawn.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme it is.
}

// A file that did not load leaves an empty page: an update replaced it, or this machine's network changed meanwhile,
// as it does whenever a container starts. Loading again mends both; three times in a row is no accident any more.
addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLScriptElement || target instanceof HTMLLinkElement)) return;
    try {
      const reloads = Number(sessionStorage.getItem("playspawn.reloads"));
      if (reloads >= 3) return;
      sessionStorage.setItem("playspawn.reloads", String(reloads + 1));
      location.reload();
    } catch {
      // Without storage nobody would count.
    }
  },
  true,
);
