/** Tells public/early.js that everything was loaded, so that it counts from the beginning next time. */
export function reportLoaded(): void {
  try {
    sessionStorage.removeItem("playspawn.reloads");
  } catch {
    // Storage is off: then nothing was counted either.
  }
}
