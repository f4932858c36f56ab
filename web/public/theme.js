// Runs before the first paint: without a stored choice the style sheet follows the system by itself.
try {
  const theme = localStorage.getItem("playspawn.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off: the system's theme it is.
}
